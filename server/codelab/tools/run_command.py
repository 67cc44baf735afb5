"""run_command: run a program or a line of shell in the sandbox."""

import shlex
from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field, model_validator

from codelab.policy.types import Access, Risk, Touch
from codelab.tools.contract import Arguments, Command, Tool, ToolContext, ToolError
from codelab.workspace.paths import relative

SHELL = ("/bin/sh", "-c")
"""What stands before a line for the shell."""
_MOST_CHARACTERS = 20_000  # a person has to read it


class RunCommand(Arguments):
    """Arguments of run_command."""

    argv: tuple[str, ...] = Field((), description="The program and its arguments, each by itself.")
    shell: str = Field(
        "", description="Instead of argv: a line for the shell, where pipes or several commands are needed."
    )
    directory: str = Field(".", description="Folder to run in, relative to the workspace root.")
    seconds: float | None = Field(None, gt=0, description="Longest time; the person's limit holds besides.")

    @model_validator(mode="after")
    def _one_of_both(self) -> "RunCommand":
        if bool(self.argv) == bool(self.shell.strip()):
            raise ValueError("give either argv or shell")
        return self


def _touches(arguments: RunCommand, context: ToolContext) -> Sequence[Touch]:
    return (Touch(relative(context.view.root, arguments.directory), Access.EXECUTE),)


async def _call(arguments: RunCommand, context: ToolContext) -> Command:
    argv = arguments.argv or (*SHELL, arguments.shell)
    _require_sound(argv)
    directory = relative(context.view.root, arguments.directory)
    return Command(argv, _shown(arguments), directory, arguments.seconds)


def _require_sound(argv: Sequence[str]) -> None:
    if any("\0" in part for part in argv):
        raise ToolError("The command holds a NUL character", fix="Leave it out")
    if sum(map(len, argv)) > _MOST_CHARACTERS:
        raise ToolError(
            f"The command is longer than {_MOST_CHARACTERS:,} characters",
            fix="Write it to a file with edit_file and run that",
        )


def edited_command(command: Command, text: str) -> Command:
    """Return a command as the person edited it; a line for the shell stays one, arguments stay arguments.

    Raises:
        ToolError: It is no command.
    """
    text = text.strip("\n")
    if command.argv[:2] == SHELL and command.shown == command.argv[2]:
        argv: tuple[str, ...] = (*SHELL, text)
    else:
        try:
            argv = tuple(shlex.split(text))
        except ValueError as error:
            raise ToolError(
                "The edited command cannot be read", why=str(error), fix="Close every quotation mark"
            ) from None
    if not argv or not text.strip():
        raise ToolError("The edited command is empty", fix="Say no instead")
    _require_sound(argv)
    shown = text if argv[:2] == SHELL and argv[2:] == (text,) else shlex.join(argv)
    return replace(command, argv=argv, shown=shown)


def _shown(arguments: RunCommand) -> str:
    return shlex.join(arguments.argv) if arguments.argv else arguments.shell


def _title(arguments: RunCommand) -> str:
    first = _shown(arguments).strip().splitlines()[0]
    return f"running `{first[:80]}`"


TOOL = Tool(
    name="run_command",
    description=(
        "Run a program in the sandbox of the workspace, without network. The person sees the whole command "
        "and may refuse. Files that it changes are shown to the person as a diff, and kept if they agree. "
        "Use run_tests to run the tests."
    ),
    risk=Risk.CRITICAL,
    arguments=RunCommand,
    touches=_touches,
    title=_title,
    call=_call,
    commands=True,
)
