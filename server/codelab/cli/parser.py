"""Which commands there are, and the reading of arguments."""

import argparse
import importlib
from collections.abc import Sequence
from typing import NoReturn, Protocol, cast

from codelab.cli.terminal import Terminal

COMMANDS = {
    "ask": "ask a question about the code; the answer names its sources",
    "search": "find passages of code",
    "index": "bring the index up to date and say what is in it",
    "run": "let an agent change the code, each change approved by you",
    "approvals": "list and answer what waits for your yes",
    "sessions": "list, resume or end interrupted runs",
    "undo": "put back what the last change of an agent replaced",
    "status": "show what is going on in this workspace",
    "data": "take what is stored with you, or delete it for good",
    "state": "check, back up or restore what CodeLab keeps of this workspace",
    "policy": "show, check and explain the rules about what agents may do",
    "audit": "check, show or export the log of what was decided and done",
    "usage": "show what was asked of models, what it cost, and how near the limits are",
    "doctor": "show what works, what is missing, and how to add it",
    "models": "what can answer, what each role uses and why; choose, try and get models",
    "config": "show and change settings; trust a workspace",
    "mcp": "serve MCP on standard input and output, for assistants",
}

_MODULES = "codelab.cli.commands"


class Command(Protocol):
    """What a command's module offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments."""
        ...

    def run(self, options: argparse.Namespace, terminal: Terminal) -> int:
        """Do it and return the exit code."""
        ...


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"codelab: {message}\nSee `{self.prog} --help`.\n")


def parse(arguments: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """Read the arguments; only the module of the chosen command is imported.

    Returns:
        The command and its options; ``root`` and ``json`` are always among them.

    Raises:
        SystemExit: Help or the version was asked for (0), or the arguments make no sense (2).
    """
    parser = _Parser(
        prog="codelab",
        description="Code search, cited answers and reviewed edits.",
        epilog="`codelab --stdio` starts the language server, for editors.",
    )
    if arguments and arguments[0].partition("=")[0] in {"--root", "--json"}:
        parser.error(f"{arguments[0]} stands behind the command, as in `codelab status {arguments[0]} ...`")
    parser.add_argument("--version", action=_ShowVersion, help="show the version and exit")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    command: Command | None = None
    for name, summary in COMMANDS.items():
        described = f"{summary[0].upper()}{summary[1:]}."
        subparser = subparsers.add_parser(name, help=summary, description=described)
        if name == chosen:
            command = cast("Command", importlib.import_module(f"{_MODULES}.{name}"))
            _add_common(subparser)
            command.configure(subparser)
    options, unknown = parser.parse_known_args(arguments)
    if command is None:
        parser.error("which command?")
    if unknown:
        subparsers.choices[chosen].error(
            f"it does not know {' '.join(unknown)}."
            " Words that begin with - and are no options of it stand behind --"
        )
    return command, options


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root", metavar="DIR", help="the workspace; default: the one that holds the current folder"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


class _ShowVersion(argparse.Action):
    """Print the version; reading it takes a while, so only when asked."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help, default=argparse.SUPPRESS)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        from codelab import __version__

        print(f"codelab {__version__}")
        parser.exit()
