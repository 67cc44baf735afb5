"""What several tools say that they touch."""

from collections.abc import Sequence
from typing import Protocol

from codelab.policy.types import Access, Touch
from codelab.tools.contract import Arguments, ToolContext
from codelab.workspace.paths import relative


class WithPath(Protocol):
    """Arguments that name one file or folder."""

    path: str


def touches_nothing(_arguments: Arguments, _context: ToolContext) -> Sequence[Touch]:
    """Return no file; for what asks the index alone, which holds no file that may have secrets."""
    return ()


def reads_its_path(arguments: WithPath, context: ToolContext) -> Sequence[Touch]:
    """Return the file or folder that the arguments name, to be read."""
    return (Touch(relative(context.view.root, arguments.path), Access.READ),)
