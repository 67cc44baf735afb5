"""edit_file: propose exact replacements in a file, or a new file."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field

from codelab.core.errors import InputError, NotFound
from codelab.policy.types import Access, Risk, Touch
from codelab.tools.contract import Arguments, FileChange, Tool, ToolContext, ToolError
from codelab.workspace.edits import replace_exact
from codelab.workspace.files import decode, encode
from codelab.workspace.paths import relative
from codelab.workspace.text import main_newline, with_newlines

MOST_BYTES = 1_000_000  # SAFE-5: written content is at most 1 MB


class Replacement(Arguments):
    """One exact replacement."""

    old: str = Field(description="Text as it stands in the file, with enough around it to occur once.")
    new: str = Field(description="Text that takes its place.")
    all_occurrences: bool = Field(False, description="Replace every occurrence instead of the only one.")


class EditFile(Arguments):
    """Arguments of edit_file."""

    path: str = Field(description="File, relative to the workspace root.")
    replacements: tuple[Replacement, ...] = Field(
        (), description="Exact replacements, made in this order; for an existing file."
    )
    content: str | None = Field(None, description="The whole text of a new file; only where none exists yet.")


def _touches(arguments: EditFile, context: ToolContext) -> Sequence[Touch]:
    return (Touch(relative(context.view.root, arguments.path), Access.WRITE),)


async def _call(arguments: EditFile, context: ToolContext) -> FileChange:
    return await asyncio.to_thread(_propose, arguments, context)


def _propose(arguments: EditFile, context: ToolContext) -> FileChange:
    path = relative(context.view.root, arguments.path)
    change = (
        _new_file(path, arguments, context)
        if arguments.content is not None
        else _edited(path, arguments, context)
    )
    if change.after == change.before:
        raise ToolError(f"These replacements leave {path} as it is")
    _require_sound(change)
    return change


def edited_change(change: FileChange, text: str) -> FileChange:
    """Return a change as the person edited it: the whole text that the file is to hold.

    Line ends that an editor or a form has made plain become those of the text that was proposed.

    Raises:
        ToolError: It cannot be written, or would change nothing.
        InputError: It does not fit the file's encoding.
    """
    if "\r" in change.after_text and "\r" not in text:
        text = with_newlines(text, main_newline(change.after_text))
    after = text.encode() if change.before is None else encode(decode(change.path, change.before), text)
    edited = replace(change, after=after, after_text=text)
    if edited.after == edited.before:
        raise ToolError(f"The edited text leaves {change.path} as it is", fix="Say no instead")
    _require_sound(edited)
    return edited


def _require_sound(change: FileChange) -> None:
    if change.after is not None and len(change.after) > MOST_BYTES:
        raise ToolError(
            f"{change.path} would hold {len(change.after):,} bytes; at most {MOST_BYTES:,} may be written"
        )
    _require_readable(change)


def _require_readable(change: FileChange) -> None:
    """Refuse bytes that would be read back as another text than the person is shown, or as none."""
    try:
        same = change.after is None or change.after_text == decode(change.path, change.after).text
    except InputError:
        same = False
    if not same:
        raise ToolError(
            f"{change.path} could not be read again as this text",
            why="It holds a NUL or a byte order mark, or does not fit the file's encoding",
            fix="Leave these characters out",
        )


def _new_file(path: str, arguments: EditFile, context: ToolContext) -> FileChange:
    if arguments.replacements:
        raise ToolError("Give either replacements, for an existing file, or content, for a new one")
    try:
        context.view.read(path)
    except NotFound:
        text = arguments.content or ""
        return FileChange(path, None, text.encode(), "", text)
    raise ToolError(f"{path} exists already", fix="Change it with replacements")


def _edited(path: str, arguments: EditFile, context: ToolContext) -> FileChange:
    if not arguments.replacements:
        raise ToolError("No replacement and no content was given, so there is nothing to do")
    file = context.view.read(path)
    text = file.text
    for replacement in arguments.replacements:
        text = replace_exact(
            text, replacement.old, replacement.new, all_occurrences=replacement.all_occurrences
        )
    after = encode(file.file, text)
    unsaved_in = file.face if file.unsaved else ""
    return FileChange(path, file.data, after, file.text, text, unsaved_in)


TOOL = Tool(
    name="edit_file",
    description=(
        "Propose a change of one file: exact replacements of its text, or the content of a new file. "
        "The person sees the diff and may refuse. Read the lines before you replace them."
    ),
    risk=Risk.MEDIUM,
    arguments=EditFile,
    touches=_touches,
    title=lambda arguments: f"{'writing' if arguments.content is not None else 'editing'} {arguments.path}",
    call=_call,
)
