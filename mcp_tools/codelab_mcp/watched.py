"""A run that this face drives, followed from its start, whichever call waits for it at the moment."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codelab.core.events import ApprovalAsked, ApprovalDecided
from codelab.core.narration import Narrator
from codelab.workbench.types import Answer, ApprovalView, RunResult

if TYPE_CHECKING:
    from codelab.workbench.handle import RunHandle


@dataclass(frozen=True, slots=True)
class Question:
    """An approval that the client is to put to the person.

    Attributes:
        approval: The approval.
        answer: Their answer; cancelled when another was first.
        asked: Set once the client has the question.
    """

    approval: ApprovalView
    answer: "asyncio.Future[Answer]" = field(compare=False)
    asked: asyncio.Event = field(compare=False, default_factory=asyncio.Event)


class WatchedRun:
    """What is known of a run so far.

    Attributes:
        lines: What happened, one line each for a person.
        waiting: Ids of approvals that are pending, oldest first.
        questions: Those of them that this face is to ask, by id.
        result: How it ended, once it has.
        news: Set at the next change of any of these; each change replaces it.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.waiting: list[str] = []
        self.questions: dict[str, Question] = {}
        self.result: RunResult | None = None
        self.news = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    def follow(self, handle: "RunHandle") -> None:
        """Read the run's events in the background until it ends."""
        self.result = None
        self._following = asyncio.create_task(self._follow(handle), name=f"follow {handle.run}")

    async def _follow(self, handle: "RunHandle") -> None:
        narrator = Narrator()
        async for event in handle.events():
            if line := narrator.line(event):
                self.lines.append(line)
            match event:
                case ApprovalAsked(approval=approval):
                    self.waiting.append(approval)
                case ApprovalDecided(approval=approval) if approval in self.waiting:
                    self.waiting.remove(approval)
            self._tell()
        self.result = await handle.result()
        self.waiting.clear()
        self._tell()

    async def put(
        self, approval: ApprovalView, in_front: Callable[[str], AbstractAsyncContextManager[None]]
    ) -> Answer:
        """Have the approval asked by whichever call waits for the run, and return the person's answer.

        Args:
            approval: The approval.
            in_front: Says that it is in front of the person, from when the client has it.
        """
        question = Question(approval, asyncio.get_running_loop().create_future())
        self.questions[approval.id] = question
        self._tell()
        try:
            await question.asked.wait()
            async with in_front(approval.id):
                return await question.answer
        finally:
            self.questions.pop(approval.id, None)
            question.answer.cancel()
            self._tell()

    def answer(self, approval: str, answer: Answer) -> None:
        """Pass on the person's answer; one that comes too late changes nothing."""
        question = self.questions.pop(approval, None)
        if question is not None and not question.answer.done():
            question.answer.set_result(answer)

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    async def close(self) -> None:
        """Stop following."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
