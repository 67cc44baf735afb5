"""Results as data for programs, and as exit codes."""

from codelab.cli.terminal import Terminal
from codelab.core.errors import CodeLabError
from codelab.core.events import RunState
from codelab.core.positions import LineSpan
from codelab.index.types import Hit
from codelab.workbench.types import RunResult

Data = dict[str, object]

_CANCELLED = 130


def hit_data(hit: Hit, *, explained: bool = False) -> Data:
    """Return a passage as ``codelab search --json`` prints it, on request with why it ranks where it does."""
    data: Data = {
        "path": hit.path,
        "start_line": hit.start_line,
        "end_line": hit.end_line,
        "score": hit.score,
        "symbol": hit.symbol,
        "kind": hit.kind,
    }
    if explained:
        data["reasons"] = [
            {"what": one.what, ("multiplies" if one.multiplies else "adds"): one.amount}
            for one in hit.reasons
        ]
    return data


def source_data(source: LineSpan) -> Data:
    """Return a place in a file."""
    return {"path": source.path, "start_line": source.start_line, "end_line": source.end_line}


def ending_code(result: RunResult, terminal: Terminal) -> int:
    """Return the exit code that a run's end stands for; a failure is told on the error output."""
    match result.state:
        case RunState.DONE:
            return 0
        case RunState.CANCELLED:
            terminal.note("Stopped.")
            return _CANCELLED
        case RunState.FAILED:
            terminal.error(CodeLabError(result.error or "The run failed"))
            return 1
        case _:
            terminal.note(f"The run waits: `codelab sessions resume {result.run}` continues it.")
            return 1
