"""Changing files: what was approved, exactly that, with a checkpoint that takes it back."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from codelab.agents.branch_move import BranchMove, move_back, require_unmoved
from codelab.agents.services import Services
from codelab.core.errors import CodeLabError, EditConflict, NotFound
from codelab.store import calls, checkpoints
from codelab.store.checkpoints import Checkpoint
from codelab.store.connection import Connection
from codelab.tools.contract import FileChange
from codelab.workspace.editor import BufferEdit, Editor
from codelab.workspace.edits import reverse_change, text_edits
from codelab.workspace.files import content_hash, decode, encode, sweep_temporary, write_atomic
from codelab.workspace.opening import remove_empty_folders

_EDITOR_SECONDS = 30.0  # an editor that does not answer an edit for this long will not


async def make_change(services: Services, change: FileChange, label: str) -> None:
    """Bring a file from ``change.before`` to ``change.after``, in the editor that has it open or on disk.

    A file that this face's editor has open is changed there, as one step of its undo; any other file is
    written to disk, whole or not at all.

    Raises:
        EditConflict: The file is not, or no longer, what the change was made for, or the editor refused.
    """
    own = (await asyncio.to_thread(services.overlay.buffers)).get(change.path)
    if own is not None and own.face == services.face and services.editor is not None:
        await _change_buffer(services, services.editor, change, label)
        return
    await asyncio.to_thread(_write, services, change)


def _write(services: Services, change: FileChange) -> None:
    _refuse_foreign_buffer(services, change.path)
    sweep_temporary(services.root, [change.path])  # left there by an undo that was cut off
    mode = 0o755 if change.executable and change.before is None else None
    write_atomic(services.root, change.path, change.after, expected=content_hash(change.before), mode=mode)


async def _change_buffer(services: Services, editor: Editor, change: FileChange, label: str) -> None:
    if change.after is None:
        raise EditConflict(f"{change.path} is open in the editor", fix="Close it there, then try again")
    viewed = await asyncio.to_thread(services.view.read, change.path)
    if content_hash(viewed.data) != content_hash(change.before):
        raise EditConflict(f"{change.path} changed in the editor after this was proposed")
    edits = await asyncio.to_thread(text_edits, viewed.text, change.after_text)
    edit = BufferEdit(change.path, edits, viewed.text, label)
    try:
        async with asyncio.timeout(_EDITOR_SECONDS):
            applied = await editor.apply(edit)
    except TimeoutError:
        applied = False
    if not applied:
        raise EditConflict(
            f"The editor did not apply the change to {change.path}", fix="Nothing was changed; try again"
        )
    services.overlay.replace(change.path, viewed.text, change.after_text)


def _refuse_foreign_buffer(services: Services, path: str) -> None:
    viewed = services.overlay.buffers().get(path)
    if viewed is None:
        return
    try:
        unsaved = services.view.read(path).unsaved
    except NotFound:
        unsaved = True
    if unsaved:
        client = next(
            (face.client for face in services.faces.living() if face.id == viewed.face), "another editor"
        )
        raise EditConflict(
            f"{path} has unsaved text in {client}", fix="Save or close it there, then try again"
        )


@dataclass(frozen=True, slots=True)
class Undone:
    """Files put back, whether text typed since was kept in one, and which were new and are there no more."""

    paths: tuple[str, ...]
    kept_typing: bool
    gone: frozenset[str]
    merge: BranchMove | None = None

    @property
    def words(self) -> str:
        """What became of the files, and of a branch that a merge had moved, for a person."""
        back = [path for path in self.paths if path not in self.gone]
        gone = [path for path in self.paths if path in self.gone]
        told = []
        if back:
            now = "is as it was" if len(back) == 1 else "are as they were"
            told.append(f"{', '.join(back)} {now} before.")
        if gone:
            now = "was new and is" if len(gone) == 1 else "were new and are"
            told.append(f"{', '.join(gone)} {now} deleted.")
        if self.merge is not None:
            told.append(f"The branch {self.merge.branch} stands at {self.merge.before[:12]} again.")
        if self.kept_typing:
            told.append("What you typed since was kept.")
        return " ".join(told)


async def undo_change(services: Services, checkpoint_id: str = "") -> Undone:
    """Put back what a checkpoint replaced; without an id the last change that stands, all its files.

    Without an id, a merge is taken back as a whole: its branch and the index stand as before, too.

    Raises:
        EditConflict: The person has since changed the very lines, or the editor refused; nothing changed, or
            of several files those that could be put back.
        NotFound: There is nothing to undo.
    """
    async with services.db.read() as rx:
        together = await standing_checkpoints(rx, checkpoint_id)
        prepared: dict[str, Any] = json.loads((await calls.get(rx, together[0].call)).prepared or "{}")
        contents = [
            (await _content(rx, one.before_blob), await _content(rx, one.after_blob)) for one in together
        ]
    folders: list[str] = prepared.get("folders", [])
    branch = prepared.get("branch")
    move = BranchMove(**branch) if branch and not checkpoint_id else None
    if move is not None:
        await asyncio.to_thread(require_unmoved, services, move)
    reversals = [
        await asyncio.to_thread(_reversal, services, one.path, before, after)
        for one, (before, after) in zip(together, contents, strict=True)
    ]
    kept_typing = False
    for one, change, (_, after) in reversed(list(zip(together, reversals, contents, strict=True))):
        if change is not None:
            await make_change(services, change, f"CodeLab: undo the change of {one.path}")
            kept_typing = kept_typing or change.before != after
        async with services.db.write() as tx:
            await checkpoints.mark(tx, one.id, "undone")
    await asyncio.to_thread(remove_empty_folders, services.root, reversed(folders))
    if move is not None:
        await move_back(services, move)
    created = frozenset(one.path for one in together if one.before_blob is None)
    return Undone(tuple(one.path for one in together), kept_typing, created, move)


async def _content(rx: Connection, blob: str | None) -> bytes | None:
    return await checkpoints.content(rx, blob) if blob else None


async def standing_checkpoints(rx: Connection, checkpoint_id: str) -> list[Checkpoint]:
    """Return what an undo would put back: one checkpoint, or without an id all of the last change.

    Raises:
        NotFound: There is nothing to undo.
    """
    last = await standing_checkpoint(rx, checkpoint_id)
    if checkpoint_id:
        return [last]
    made = await checkpoints.of_run(rx, last.run)
    return [one for one in made if one.call == last.call and one.state == "applied"]


async def standing_checkpoint(rx: Connection, checkpoint_id: str) -> Checkpoint:
    """Return the checkpoint of a change that can be undone; without an id that of the last one.

    Raises:
        NotFound: There is none.
    """
    checkpoint = (
        await checkpoints.get(rx, checkpoint_id) if checkpoint_id else await checkpoints.latest_applied(rx)
    )
    if checkpoint is None or checkpoint.state != "applied":
        raise NotFound(
            "There is nothing to undo",
            why="" if checkpoint_id else "No agent changed anything that still stands",
        )
    return checkpoint


def _reversal(services: Services, path: str, before: bytes | None, after: bytes | None) -> FileChange | None:
    """Return the change that takes ``before`` -> ``after`` back from the file as it is, if one is needed."""
    try:
        viewed = services.view.read(path)
    except NotFound:
        viewed = None
    now = viewed.data if viewed is not None else None
    if now == before:
        return None  # put back already: by the editor's own undo, or by an undo that was cut off
    shown = viewed.text if viewed is not None else ""
    if now == after:
        return FileChange(path, now, before, shown, decode(path, before).text if before is not None else "")
    if now is None or before is None or after is None:
        raise EditConflict(
            f"{path} changed since",
            why="it was created, deleted or rewritten after CodeLab changed it",
            fix="Nothing was undone",
        )
    text = reverse_change(decode(path, before).text, decode(path, after).text, shown)
    return FileChange(path, now, encode(decode(path, now), text), shown, text)


async def settle_checkpoint(services: Services, checkpoint: Checkpoint) -> bool:
    """Decide, after a crash or a failure, whether a prepared change was made; mark its checkpoint so.

    Returns:
        True if the file holds what the change put there.
    """
    try:
        current = (await asyncio.to_thread(services.view.read, checkpoint.path)).data
    except CodeLabError:
        current = None
    made = (content_hash(current) if current is not None else None) == checkpoint.after_blob
    async with services.db.write() as tx:
        await checkpoints.mark(tx, checkpoint.id, "applied" if made else "undone")
    return made
