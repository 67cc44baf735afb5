"""The workbench: what every face can do with a workspace."""

from collections.abc import AsyncIterator
from typing import Protocol

from codelab.core.events import AnyEvent
from codelab.index.types import Hit, IndexStatus, Symbol
from codelab.workbench.types import (
    ApprovalPrompter,
    ApprovalView,
    Approve,
    Decision,
    Editor,
    FileRange,
    Focus,
    InterruptedRun,
    RunResult,
    UndoResult,
    Verdict,
    WorkbenchStatus,
)


class RunHandle(Protocol):
    """A run that was started or taken up."""

    run: str
    session: str

    def events(self) -> AsyncIterator[AnyEvent]:
        """Yield the run's events from its start until it ends or pauses; several may listen."""
        ...

    async def result(self) -> RunResult:
        """Wait until the run ends or pauses; never raises for a run that failed."""
        ...


class Workbench(Protocol):
    """Everything a face may ask for. All paths are relative to ``root`` with forward slashes."""

    # attributes: root (Path), face (FaceInfo)

    def attach(self, *, editor: Editor | None = None, prompter: ApprovalPrompter | None = None) -> None:
        """Tell the workbench what the face can do; once, before the first run."""
        ...

    async def close(self) -> None:
        """Stop this face's runs (they become paused), release its buffers, end its index worker."""
        ...

    # --- buffers -------------------------------------------------------------------------------------
    def buffer_shown(self, path: str, text: str) -> None:
        """Take note that this face has a file open, with this text (on open and on every change)."""
        ...

    def buffer_saved(self, path: str) -> None:
        """Take note that the buffer was written to disk."""
        ...

    def buffer_closed(self, path: str) -> None:
        """Take note that this face no longer has the file open."""
        ...

    # --- knowledge -----------------------------------------------------------------------------------
    async def search(
        self, query: str, *, limit: int = 10, path: str = "", language: str = "", kind: str = ""
    ) -> list[Hit]:
        """Return the best passages for a query; ``path`` is a glob, empty filters match all."""
        ...

    async def outline(self, path: str) -> list[Symbol]:
        """Return the definitions of a file in order."""
        ...

    async def read_range(self, path: str, start_line: int = 1, end_line: int | None = None) -> FileRange:
        """Return lines of a file, as an editor shows them where one has it open unsaved."""
        ...

    async def index_status(self) -> IndexStatus:
        """Return how the index stands."""
        ...

    def index_progress(self) -> AsyncIterator[IndexStatus]:
        """Yield the status now and whenever it changes while the index is being built; ends when fresh."""
        ...

    # --- runs ----------------------------------------------------------------------------------------
    async def ask(self, question: str, *, session: str = "", focus: Focus | None = None) -> RunHandle:
        """Start a run of the ``ask`` agent; with no model it answers from the index."""
        ...

    async def act(
        self,
        task: str,
        *,
        session: str = "",
        focus: Focus | None = None,
        approve: Approve = Approve.ASK,
        wait: bool = False,
    ) -> RunHandle:
        """Start a run of the ``coder`` agent.

        Args:
            task: What to do, in the person's words.
            session: Continue this session; a new one if empty.
            focus: What the person has before them.
            approve: How its changes are approved.
            wait: Keep an approval pending where no face can prompt, instead of denying it at once.

        Raises:
            NoModel: No model is configured.
        """
        ...

    async def resume(self, run: str) -> RunHandle:
        """Take up an interrupted run."""
        ...

    async def stop(self, run: str = "") -> list[str]:
        """Cancel a run, or all of this face's runs; return the ids of those that were cancelled."""
        ...

    async def interrupted(self) -> list[InterruptedRun]:
        """Return the runs that no face drives any more."""
        ...

    # --- approvals -----------------------------------------------------------------------------------
    async def approvals(self, *, state: str = "pending") -> list[ApprovalView]:
        """Return the workspace's approvals in a state, oldest first; an empty state means all."""
        ...

    async def approval(self, approval: str) -> ApprovalView:
        """Return one approval; a unique beginning of its id is enough."""
        ...

    async def decide(self, approval: str, verdict: Verdict, *, reason: str = "") -> Decision:
        """Answer an approval as the person in front of this face; the first answer wins, atomically."""
        ...

    # --- undo and status -----------------------------------------------------------------------------
    async def undo(self, checkpoint: str = "") -> UndoResult:
        """Put back what a checkpoint, or the last change of a run, replaced.

        What the person typed since elsewhere in the file stays.

        Raises:
            EditConflict: The person has since changed the very lines; nothing was touched.
            NotFound: There is nothing to undo.
        """
        ...

    async def status(self) -> WorkbenchStatus:
        """Return what is going on."""
        ...
