"""read_file: lines of a file, numbered, as the editors show them."""

import asyncio
from collections.abc import Sequence

from pydantic import Field

from codelab.core.positions import LineSpan
from codelab.core.wording import counted
from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Source, Tool, ToolContext, ToolError, ToolText
from codelab.tools.touching import reads_its_path
from codelab.workspace.files import content_hash
from codelab.workspace.paths import relative
from codelab.workspace.text import plain_lines

MOST_LINES = 400
MOST_CHARACTERS = 60_000  # about 15,000 tokens: a single read must leave room for the conversation


class ReadFile(Arguments):
    """Arguments of read_file."""

    path: str = Field(description="File, relative to the workspace root.")
    start_line: int = Field(1, ge=1, description="First line, from 1.")
    end_line: int | None = Field(
        None, ge=1, description=f"Last line, included; at most {MOST_LINES} lines come."
    )


async def _call(arguments: ReadFile, context: ToolContext) -> ToolText:
    return await asyncio.to_thread(_read, arguments, context)


def _read(arguments: ReadFile, context: ToolContext) -> ToolText:
    file = context.view.read(relative(context.view.root, arguments.path))
    lines = plain_lines(file.text)
    if not lines:
        return ToolText(f"{file.path} is empty.", f"{file.path} is empty")
    start = arguments.start_line
    if start > len(lines):
        raise ToolError(f"{file.path} has {counted(len(lines), 'line')}, so it has no line {start}")
    end = min(arguments.end_line or len(lines), len(lines), start + MOST_LINES - 1)
    if end < start:
        raise ToolError(f"end_line {arguments.end_line} stands before start_line {start}")
    shown, last = _numbered(lines, start, end)
    span = LineSpan(file.path, start, last)
    more = "" if last == len(lines) else f"\n({len(lines)} lines in all; read on from line {last + 1})"
    unsaved = " (unsaved, as in the editor)" if file.unsaved else ""
    return ToolText(f"{span}{unsaved}\n{shown}{more}", f"{span}", (Source(span, content_hash(file.data)),))


def _numbered(lines: Sequence[str], start: int, end: int) -> tuple[str, int]:
    shown: list[str] = []
    room = MOST_CHARACTERS
    for number in range(start, end + 1):
        line = f"{number}\t{lines[number - 1]}"
        if len(line) > room:
            shown.append(line[:room] + " ... (the line goes on; it is too long to show)")
            return "\n".join(shown), number
        shown.append(line)
        room -= len(line) + 1
    return "\n".join(shown), end


TOOL = Tool(
    name="read_file",
    description="Read lines of a file of the workspace. Lines come numbered; cite them as path:start-end.",
    risk=Risk.LOW,
    arguments=ReadFile,
    touches=reads_its_path,
    title=lambda arguments: f"reading {arguments.path}",
    call=_call,
)
