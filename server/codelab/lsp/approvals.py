"""Approvals in the editor's own prompt."""

import asyncio

from lsprotocol import types

from codelab.core.errors import NotFound
from codelab.lsp.documents import open_document
from codelab.lsp.face import LspFace
from codelab.lsp.questions import ask_person
from codelab.workbench.types import ApprovalView, Verdict

APPLY, ALLOW, SHOW, REJECT = "Apply", "Allow", "Show diff", "Reject"


class ApprovalPrompts:
    """The workbench's ``ApprovalPrompter`` over a client."""

    def __init__(self, face: LspFace) -> None:
        self._face = face

    async def __call__(self, approval: ApprovalView) -> None:
        """Ask the person and pass their answer on; a closed prompt is a no."""
        try:
            choice = await self._ask(approval)
        except asyncio.CancelledError:
            if not self._face.closing:
                self._face.spawn(self._tell_who_answered(approval))
            raise
        workbench = await self._face.workbench()
        if choice in (APPLY, ALLOW):
            decision = await workbench.decide(approval.id, Verdict.APPROVED)
        else:
            reason = "" if choice == REJECT else "no answer"
            decision = await workbench.decide(approval.id, Verdict.REJECTED, reason=reason)
        if not decision.counted:
            text = decision.message or f"Your answer came too late: it was already {decision.state}."
            self._face.show(f"{text} ({_subject(approval)})", types.MessageType.Warning)

    async def _ask(self, approval: ApprovalView) -> str | None:
        message = question_of(approval)
        choices = (APPLY, SHOW, REJECT) if approval.path else (ALLOW, REJECT)
        while True:
            choice = await ask_person(self._face, message, choices, types.MessageType.Warning)
            if choice != SHOW:
                return choice
            await open_document(self._face, f"{approval.id}.diff", approval.detail, focus=False)

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
    "expired": "not answered in time, so it was denied",
    "invalidated": "no longer needed",
}


def question_of(approval: ApprovalView) -> str:
    """Return what the person is asked; what is not a change of a file is shown whole."""
    message = approval.title
    if not approval.own and approval.asked_by and approval.asked_by not in message:
        message = f"{approval.asked_by} asks: {message}"
    return message if approval.path else f"{message}\n\n{approval.detail}".strip()


def _subject(approval: ApprovalView) -> str:
    return approval.path or approval.title
