"""``codelab.status``: what is going on."""

import dataclasses
from dataclasses import dataclass

from lsprotocol import types

from codelab.lsp.commands.arguments import read_arguments
from codelab.lsp.face import LspFace


@dataclass(frozen=True, slots=True)
class StatusArguments:
    """Whether to show it to the person as well."""

    show: bool = True


async def status(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Tell how the index, the runs, the approvals and the model stand."""
    given = read_arguments(params, StatusArguments)
    found = await (await face.workbench()).status()
    if given.show:
        face.show("\n".join(found.lines))
    return {**dataclasses.asdict(found), "lines": list(found.lines)}
