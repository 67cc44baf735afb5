"""Once the client is ready the workbench opens, the index is built, waiting runs are offered."""

from typing import TYPE_CHECKING

from lsprotocol import types

from codelab.core.visible import visible
from codelab.core.wording import counted
from codelab.index.types import IndexStatus
from codelab.lsp.approvals import ApprovalPrompts
from codelab.lsp.edits import BufferEditor
from codelab.lsp.face import LspFace
from codelab.lsp.progress import Progress
from codelab.lsp.questions import ask_person
from codelab.lsp.runs import Following, answer_with_run, heading
from codelab.workbench.types import InterruptedRun

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench

CONTINUE, LATER, END = "Continue", "Later", "End it"


async def open_workspace(face: LspFace) -> None:
    """Open the workbench and what belongs to it; for the background."""
    workbench = await face.open(BufferEditor(face), ApprovalPrompts(face))
    face.spawn(show_indexing(face, workbench))
    for run in await workbench.interrupted():
        await offer_interrupted(face, workbench, run)


async def show_indexing(face: LspFace, workbench: "Workbench") -> None:
    """Show the index being built, as long as it is; to cancel that is to pause it."""
    progress = None

    def pause() -> None:
        face.spawn(pause_indexing(face, workbench))

    last = IndexStatus("missing")
    async for last in workbench.index_progress():
        if last.state != "building":
            continue
        if progress is None:
            progress = Progress(face, "CodeLab: indexing", percentage=0, cancel=pause)
        told = f"{last.files:,} of {counted(last.total, 'file')}" if last.total else "finding the files"
        progress.report(told, _percent(last))
    if progress is not None:
        progress.end("paused" if last.state == "paused" else counted(last.files, "file"))
    if last.state == "failed":
        face.show(f"The index could not be built. {last.last_error}", types.MessageType.Warning)


async def pause_indexing(face: LspFace, workbench: "Workbench") -> None:
    """Pause the indexing and say how it goes on."""
    await workbench.pause_index()
    face.show("Indexing is paused; search finds what there is. codelab.index (resume) lets it go on.")


def _percent(status: IndexStatus) -> int:
    return min(100, 100 * status.files // status.total) if status.total else 0


async def offer_interrupted(face: LspFace, workbench: "Workbench", run: InterruptedRun) -> None:
    """Ask what to do with a run whose face went away; a closed prompt means later."""
    choice = await ask_person(face, visible(run.message), (CONTINUE, LATER, END))
    title = heading(run.task)
    if choice == CONTINUE:
        handle = await workbench.resume(run.run)
        following = Following(title=title, wait=False, show=True)
        await answer_with_run(face, handle, following)
    elif choice == END:
        await workbench.stop(run.run)
        face.show(f'Ended: "{title}".')
