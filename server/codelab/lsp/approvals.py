"""Approvals in the editor: in its own prompt, or as the client shows them that knows ``codelab/approval``."""

import asyncio
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codelab.core.errors import NotFound
from codelab.lsp.answers import CLOSED, Answer, answer_of
from codelab.lsp.documents import open_document
from codelab.lsp.face import LspFace
from codelab.lsp.questions import ask_person
from codelab.workbench.types import ApprovalView, Verdict

METHOD = "codelab/approval"
APPLY, ALLOW, SHOW_DIFF, SHOW_ALL, REJECT = "Apply", "Allow", "Show diff", "Show all", "Reject"
DONT_ASK = ", and don't ask again"
_MOST_LINES, _MOST_CHARACTERS = 30, 2_500  # of a diff or a command in a prompt; more is one step away


class ApprovalPrompts:
    """The workbench's ``ApprovalPrompter`` over a client."""

    def __init__(self, face: LspFace) -> None:
        self._face = face

    async def __call__(self, approval: ApprovalView) -> None:
        """Ask the person and pass their answer on; a closed prompt is a no."""
        workbench = await self._face.workbench()
        try:
            async with workbench.in_front(approval.id):
                answer = await self._ask(approval)
            if answer.later:
                async with workbench.in_front(approval.id, editing=True):
                    answer = await self._answered_later(approval)
        except asyncio.CancelledError:
            if not self._face.closing:
                self._face.spawn(self._tell_who_answered(approval))
            raise
        decision = await workbench.decide(
            approval.id, answer.verdict, reason=answer.reason, text=answer.text, always=answer.always
        )
        if not decision.counted:
            text = decision.message or f"Your answer came too late: it was already {decision.state}."
            self._face.show(f"{text} ({_subject(approval)})", types.MessageType.Warning)

    async def _ask(self, approval: ApprovalView) -> Answer:
        if self._face.abilities.approvals:
            return await self._ask_by_extension(approval)
        message, whole = question_of(approval)
        yes = APPLY if approval.path else ALLOW
        always = yes + DONT_ASK
        show = SHOW_DIFF if approval.path else SHOW_ALL
        choices = [yes, *([always] if approval.rule else []), *([show] if approval.path or not whole else [])]
        while True:
            choice = await ask_person(self._face, message, [*choices, REJECT], types.MessageType.Warning)
            if choice == show:
                ending = "diff" if approval.path else "txt"
                await open_document(self._face, f"{approval.id}.{ending}", approval.detail, focus=False)
            elif choice in (yes, always):
                return Answer(Verdict.APPROVED, always=choice == always)
            else:
                return Answer(Verdict.REJECTED) if choice == REJECT else CLOSED

    async def _ask_by_extension(self, approval: ApprovalView) -> Answer:
        try:
            answer = await self._face.protocol.request(METHOD, request_of(approval))
        except JsonRpcException:
            return CLOSED
        return answer_of(answer) or CLOSED

    async def _answered_later(self, approval: ApprovalView) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._face.answers[approval.id] = answer
        try:
            return await answer
        finally:
            self._face.answers.pop(approval.id, None)

    async def _tell_who_answered(self, approval: ApprovalView) -> None:
        workbench = await self._face.workbench()
        try:
            decided = await workbench.approval(approval.id)
        except NotFound:
            return
        by = f" by {decided.decided_by}" if decided.decided_by else ""
        self._face.show(f"{_subject(approval)}: {_ENDINGS.get(decided.state, decided.state)}{by}.")


_ENDINGS = {
    "approved": "approved",
    "rejected": "rejected",
    "edited": "edited, and asked for again,",
    "expired": "not answered in time, so it was denied",
    "invalidated": "no longer needed",
}


def question_of(approval: ApprovalView) -> tuple[str, bool]:
    """Return what the person is asked, and whether it holds all of the diff or the command.

    What is too long for a prompt is left out as a whole, and said to be.
    """
    title = approval.title
    if not approval.own and approval.asked_by and approval.asked_by not in title:
        title = f"{approval.asked_by} asks: {title}"
    detail = approval.detail.strip("\n")
    lines = detail.count("\n") + 1
    whole = lines <= _MOST_LINES and len(detail) <= _MOST_CHARACTERS
    if not whole:
        show = SHOW_DIFF if approval.path else SHOW_ALL
        detail = f'({lines:,} lines, too long to stand here: "{show}" opens all of it.)'
    return "\n\n".join(filter(None, (title, detail, approval.remarks))), whole


def request_of(approval: ApprovalView) -> dict[str, Any]:
    """Return the parameters of ``codelab/approval``."""
    return {
        "id": approval.id,
        "title": approval.title,
        "detail": approval.detail,
        "path": approval.path,
        "before": approval.before,
        "after": approval.after,
        "askedBy": approval.asked_by,
        "agent": approval.agent,
        "risk": approval.risk,
        "remarks": approval.remarks,
        "editable": approval.editable,
        "rule": approval.rule,
        "ruleDays": approval.rule_days,
    }


def _subject(approval: ApprovalView) -> str:
    return approval.path or approval.title
