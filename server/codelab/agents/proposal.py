"""A change as it is put before a person, derived from the bytes that will be written."""

import time
from dataclasses import dataclass

from codelab.agents.run import ActiveRun
from codelab.core.errors import NotFound
from codelab.core.ids import new_id
from codelab.core.visible import visible
from codelab.policy.digest import BoundCall, call_digest
from codelab.policy.types import PolicyDecision
from codelab.store.approvals import Approval
from codelab.store.calls import CallRow
from codelab.tools.contract import FileChange
from codelab.workspace.edits import count_changes, unified_diff
from codelab.workspace.files import content_hash


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change, the approval that asks for it, and the lines it adds and removes."""

    change: FileChange
    approval: Approval
    counts: tuple[int, int]

    def bound_now(self, run: ActiveRun) -> BoundCall:
        """Return what the approval must fit, with the file's hash as it is at this moment."""
        try:
            current = run.services.view.read(self.change.path).data
        except NotFound:
            current = None
        approval = self.approval
        return _bound(run, approval.tool, approval.call, self.change, content_hash(current))


def propose(run: ActiveRun, row: CallRow, change: FileChange, decision: PolicyDecision) -> Proposal:
    """Make the approval for a change; nothing is stored yet."""
    added, removed = count_changes(change.before_text, change.after_text)
    verb = "create" if change.before is None else "change"
    title = visible(f"CodeLab ({run.template.name}) wants to {verb} {change.path} (+{added} -{removed})")
    diff = unified_diff(change.path, change.before_text, change.after_text)
    approval = Approval(
        id=new_id("apr"),
        run=run.id,
        session=run.session,
        call=row.id,
        agent=run.template.name,
        client=run.services.client,
        face=run.services.face,
        tool=row.name,
        digest=call_digest(_bound(run, row.name, row.id, change, content_hash(change.before))),
        title=title,
        detail=visible(diff),
        path=change.path,
        before=change.before_text,
        after=change.after_text,
        risk=decision.risk.value,
        asked_at=time.time(),
    )
    return Proposal(change, approval, (added, removed))


def _bound(run: ActiveRun, tool: str, call: str, change: FileChange, before: str) -> BoundCall:
    return BoundCall(
        tool=tool,
        path=change.path,
        before=before,
        after=content_hash(change.after),
        root=str(run.services.root),
        session=run.session,
        run=run.id,
        call=call,
    )
