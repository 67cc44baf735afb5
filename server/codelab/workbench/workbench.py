"""The workbench: what every face can do with a workspace."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

from codelab.agents.changes import standing_checkpoints, undo_change
from codelab.agents.recovery import settle_interrupted
from codelab.agents.services import Services
from codelab.agents.start import resume_run, start_run
from codelab.core.errors import NoModel, PathRefused
from codelab.core.positions import LineSpan
from codelab.core.redaction import learn
from codelab.core.secret_sources import values_of_file
from codelab.index.types import Hit, IndexStatus, Symbol
from codelab.policy.types import Mode
from codelab.store import approvals
from codelab.workbench.answering import decide, in_front, replacement, view_of
from codelab.workbench.code import Code
from codelab.workbench.driven_runs import DrivenRuns
from codelab.workbench.handle import RunHandle
from codelab.workbench.knowledge import Knowledge
from codelab.workbench.policy import PolicyQuestions
from codelab.workbench.prompting import ApprovalPrompts
from codelab.workbench.results import changed_file, joined
from codelab.workbench.rules import StandingRules
from codelab.workbench.standing import status_of
from codelab.workbench.types import (
    ApprovalPrompter,
    ApprovalView,
    ChangedFile,
    Decision,
    FaceInfo,
    FileRange,
    Focus,
    InterruptedRun,
    UndoResult,
    Verdict,
    WorkbenchStatus,
)
from codelab.workspace.editor import Editor
from codelab.workspace.paths import relative
from codelab.workspace.secrets import is_secret
from codelab.workspace.text import plain_lines


class Workbench:
    """Everything a face may ask for. All paths are relative to ``root`` with forward slashes.

    Args:
        services: The parts below, put together by the composition root.
        info: Who is connected.
        knowledge: Searches the workspace.
        parts: Closes all of these.
        notes: What the person should know about the settings.
    """

    def __init__(
        self,
        services: Services,
        info: FaceInfo,
        knowledge: Knowledge,
        parts: AsyncExitStack,
        *,
        notes: Sequence[str],
    ) -> None:
        self.root: Path = services.root
        self.face = info
        self.trusted = services.trusted
        self.notes = tuple(notes)
        self._services = services
        self._knowledge = knowledge
        self.code = Code(services.root, knowledge)
        self.policy = PolicyQuestions(services)
        self.rules = StandingRules(services)
        self._parts = parts
        self._prompts: ApprovalPrompts | None = None
        self._runs = DrivenRuns(services)

    def attach(self, *, editor: Editor | None = None, prompter: ApprovalPrompter | None = None) -> None:
        """Tell the workbench what the face can do; once, before the first run.

        Args:
            editor: Changes open buffers.
            prompter: Shows an approval to a person: those of this face's runs, or all of the workspace's if
                the face said ``can_prompt``.
        """
        self._services.editor = editor
        if prompter is not None:
            self._services.prompts = True
            self._prompts = ApprovalPrompts(self._services, prompter, everyones=self.face.can_prompt)
            self._prompts.start()

    async def close(self) -> None:
        """Pause this face's runs, release its buffers, end its index worker."""
        await self._runs.pause()
        if self._prompts is not None:
            await self._prompts.stop()
        await self._parts.aclose()

    # --- buffers ------------------------------------------------------------------------------------------

    def buffer_shown(self, path: str, text: str) -> None:
        """Take note that this face has a file open, with this text (on open and on every change).

        Of a file that holds secrets nothing is kept but the knowledge of what must not go anywhere.
        """
        if is_secret(path):
            learn(values_of_file(text))
            return
        self._services.overlay.put(path, text)

    def buffer_closed(self, path: str) -> None:
        """Take note that this face no longer has the file open."""
        self._services.overlay.drop(path)

    def flush_buffers(self) -> None:
        """Wait until other faces can see the buffers noted so far; they do within a moment anyway."""
        self._services.overlay.flush()

    # --- knowledge ----------------------------------------------------------------------------------------

    async def search(
        self, query: str, *, limit: int = 10, path: str = "", language: str = "", kind: str = ""
    ) -> list[Hit]:
        """Return the best passages for a query.

        Waits for the first index of a workspace that has none; finds what there is in one that is behind.

        Args:
            query: A question, a description, or a name.
            limit: Most passages.
            path: Only files that match this glob.
            language: Only files of this language: its name, or the ending of its files.
            kind: Only passages of this kind.

        Raises:
            InputError: There is no such language.
        """
        return await self._knowledge.search(query, limit=limit, path=path, language=language, kind=kind)

    async def outline(self, path: str) -> list[Symbol]:
        """Return the definitions of a file in order."""
        return await self._knowledge.outline(relative(self.root, path))

    async def read_range(self, path: str, start_line: int = 1, end_line: int | None = None) -> FileRange:
        """Return lines of a file, as an editor shows them where one has it open unsaved.

        Args:
            path: The file.
            start_line: First line, from 1.
            end_line: Last line, included; the last of the file if None.

        Raises:
            PathRefused: It is outside the workspace, or holds secrets.
            NotFound: There is no such file.
        """
        return await asyncio.to_thread(self._read_range, relative(self.root, path), start_line, end_line)

    def _read_range(self, path: str, start_line: int, end_line: int | None) -> FileRange:
        if is_secret(path):
            raise PathRefused(f"{path} holds secrets", fix="Open it in your editor")
        file = self._services.view.read(path)
        lines = plain_lines(file.text)
        start = max(1, start_line)
        end = len(lines) if end_line is None else min(end_line, len(lines))
        text = "\n".join(lines[start - 1 : end])
        return FileRange(LineSpan(path, start, max(start, end)), text, len(lines), file.unsaved)

    async def index_status(self, *, start: bool = True) -> IndexStatus:
        """Return how the index stands.

        Args:
            start: See to it that a worker is at work; otherwise it is only looked at.
        """
        return await self._knowledge.status(start=start)

    async def is_indexed_by_a_worker(self) -> bool:
        """Tell whether an index worker, of this face or another, is there.

        Raises:
            StateError: The folder of the index cannot be used.
        """
        return await self._knowledge.is_worker_alive()

    async def pause_index(self) -> None:
        """Pause the indexing of the workspace, for all its faces; search finds what there is.

        Raises:
            StateError: The folder of the index cannot be written.
        """
        await self._knowledge.set_paused(paused=True)

    async def resume_index(self) -> None:
        """Let the indexing of the workspace go on.

        Raises:
            StateError: The folder of the index cannot be written.
        """
        await self._knowledge.set_paused(paused=False)

    @property
    def embeds_by_itself(self) -> bool:
        """Whether vectors are made by the bundled embedder, soon and for nothing, and not by a server."""
        return not self._services.settings.models.embedding

    def index_progress(self, *, vectors: bool = False) -> AsyncIterator[IndexStatus]:
        """Yield the status now and when it changes while the index is being built; ends when it is not.

        Args:
            vectors: Go on until all vectors are there as well, or cannot be made.
        """
        return self._knowledge.progress(vectors=vectors)

    # --- runs ---------------------------------------------------------------------------------------------

    async def ask(self, question: str, *, session: str = "", focus: Focus | None = None) -> RunHandle:
        """Start a run of the ``ask`` agent; with no model it answers from the index.

        Args:
            question: The question, in any language.
            session: Continue this session; a new one if empty.
            focus: What the person has before them.
        """
        return await self._start("ask", question, "a question was asked", session, focus)

    async def act(
        self,
        task: str,
        *,
        session: str = "",
        focus: Focus | None = None,
        mode: Mode | None = None,
        wait: bool = False,
        typed: bool = True,
    ) -> RunHandle:
        """Start a run of the ``coder`` agent, or of ``ask`` if the fast model takes the task for a question.

        It is asked only where ``models.classification_votes`` says so.

        Args:
            task: What to do, in the person's words.
            session: Continue this session; a new one if empty.
            focus: What the person has before them.
            mode: How the session's changes are approved from now on; None: as before, in a new one by asking.
            wait: Keep an approval pending where no face can prompt, instead of denying it at once.
            typed: Whether the person typed it; the words of a task that stands in a file unlock nothing.

        Raises:
            NoModel: No model is configured.
            Denied: An assistant wants a wider mode than the person chose.
        """
        if self._services.model is None:
            raise NoModel("Changing code needs a model, and none is set up", fix=self._services.model_help)
        return await self._start(
            "coder", task, "a change was asked for", session, focus, mode=mode, wait=wait, typed=typed
        )

    async def _start(
        self,
        agent: str,
        task: str,
        why: str,
        session: str,
        focus: Focus | None,
        *,
        mode: Mode | None = None,
        wait: bool = False,
        typed: bool = True,
    ) -> RunHandle:
        return self._runs.keep(
            await start_run(
                self._services,
                agent,
                task,
                why=why,
                session=session,
                focus=focus.span if focus else None,
                diagnostics=focus.diagnostics if focus else (),
                mode=mode,
                wait=wait,
                assistant=self.face.kind == "mcp",
                typed=typed,
                may_be_question=agent == "coder",
            )
        )

    async def resume(self, run: str) -> RunHandle:
        """Take up an interrupted run."""
        return self._runs.keep(await resume_run(self._services, run))

    async def stop(self, run: str = "") -> list[str]:
        """Cancel a run, or all of this face's runs; return the ids of those that were cancelled.

        A run that was interrupted and is not driven by any face is ended.
        """
        return await self._runs.stop(run)

    async def interrupted(self) -> list[InterruptedRun]:
        """Return the runs that no face drives any more, after settling what was half done in them."""
        return [
            InterruptedRun(
                run=row.id,
                session=row.session,
                agent=row.agent,
                task=row.task,
                state=row.state,
                message=f'A run is waiting: "{row.task[:80]}" ({row.agent})',
            )
            for row in await settle_interrupted(self._services)
        ]

    # --- approvals ----------------------------------------------------------------------------------------

    async def approvals(self, *, state: str = "pending") -> list[ApprovalView]:
        """Return the workspace's approvals in a state, oldest first; an empty state means all."""
        async with self._services.db.read() as rx:
            rows = await approvals.list_approvals(rx)
        views = [view_of(row, self._services) for row in rows]
        return [view for view in views if state in ("", view.state)]

    async def approval(self, approval: str) -> ApprovalView:
        """Return one approval; a unique beginning of its id is enough."""
        async with self._services.db.read() as rx:
            return view_of(await approvals.find(rx, approval), self._services)

    def in_front(self, approval: str, *, editing: bool = False) -> AbstractAsyncContextManager[None]:
        """Say that an approval is in front of a person while the block runs.

        Its clock then runs, but where they are editing it.
        """
        return in_front(self._services, approval, editing=editing)

    async def decide(
        self, approval: str, verdict: Verdict, *, reason: str = "", text: str = "", always: bool = False
    ) -> Decision:
        """Answer an approval as the person in front of this face; the first answer wins, atomically.

        Args:
            approval: Its id, or a unique beginning of it.
            verdict: The answer.
            reason: Why not, for the agent to read.
            text: With ``Verdict.EDITED`` what they edited it to; it is put before them again.
            always: With ``Verdict.APPROVED``: give the standing rule that was offered, too.

        Raises:
            NotFound: There is no such approval.
            InputError: It cannot be edited, or no standing rule may be given for it here.
        """
        row, decision = await decide(self._services, approval, verdict, reason, text, always=always)
        if decision.counted and self._prompts is not None:
            self._prompts.answered_here(row)
        return decision

    async def replacement(self, approval: str, seconds: float) -> ApprovalView | None:
        """Wait for the approval of what the person edited another to; None if none came in time."""
        return await replacement(self._services, approval, seconds)

    # --- undo and status ----------------------------------------------------------------------------------

    async def change(self, checkpoint: str = "") -> ChangedFile:
        """Return the change that ``undo`` would put back.

        Raises:
            NotFound: There is nothing to undo.
        """
        async with self._services.db.read() as rx:
            return joined([await changed_file(rx, one) for one in await standing_checkpoints(rx, checkpoint)])

    async def undo(self, checkpoint: str = "") -> UndoResult:
        """Put back what a checkpoint, or the last change of a run, replaced.

        What the person typed since elsewhere in the file stays.

        Raises:
            EditConflict: The person has since changed the very lines; nothing was touched.
            NotFound: There is nothing to undo.
        """
        async with self._services.db.read() as rx:
            calls = {one.call for one in await standing_checkpoints(rx, checkpoint)}
        undone = await undo_change(self._services, checkpoint)
        await self.rules.withdraw_for(calls)
        return UndoResult(undone.paths, undone.words)

    async def status(self) -> WorkbenchStatus:
        """Return what is going on; nothing is begun for it."""
        index = await self.index_status(start=False)
        return await status_of(self._services, index, trusted=self.trusted, notes=self.notes)
