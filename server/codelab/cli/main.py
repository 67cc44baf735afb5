"""The ``codelab`` command.

Start-up is kept short: only the chosen command's module is imported, and ``--stdio`` reaches the language
server before an argument parser is even built.
"""

import os
import sys
from collections.abc import Sequence

_INTERRUPTED = 130
_UNEXPECTED = 1
_SHOW_TRACEBACKS = "CODELAB_DEBUG"
_BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the program's name; those of the process if omitted.

    Returns:
        The exit code: 0 for success, 1 to 6 as in ``codelab.core.errors``, 130 when interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "--stdio" in arguments[:1]:
        from codelab.cli.lazy import open_workbench
        from codelab.lsp.server import serve

        return serve(open_workbench)
    try:
        return _run_command(arguments)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # What is still buffered goes nowhere; else the interpreter complains while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE


def _run_command(arguments: list[str]) -> int:
    if sys.stdout is None:  # started with a closed output: what it prints goes nowhere
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    from codelab.cli.parser import parse
    from codelab.cli.terminal import Terminal
    from codelab.core.errors import CodeLabError
    from codelab.core.redaction import learn
    from codelab.core.secret_sources import values_of_environment

    learn(values_of_environment(os.environ))

    command, options = parse(arguments)
    terminal = Terminal(as_json=options.json)
    try:
        code = command.run(options, terminal)
        terminal.flush()
        return code
    except CodeLabError as error:
        terminal.error(error)
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:  # a defect, told in words
        if os.environ.get(_SHOW_TRACEBACKS):
            raise
        terminal.error(
            CodeLabError(
                "CodeLab met a failure that it did not expect",
                why=f"{type(error).__name__}: {error}",
                fix=f"Please report it; with {_SHOW_TRACEBACKS}=1 in the environment it says where",
            )
        )
        return _UNEXPECTED


if __name__ == "__main__":
    sys.exit(main())
