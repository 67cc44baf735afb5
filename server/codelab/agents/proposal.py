"""A change as it is put before a person, derived from the bytes that will be written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codelab.agents.branch_move import BranchMove
from codelab.agents.proposed import Proposed, approval_of, bound_call, bound_to
from codelab.agents.run import ActiveRun
from codelab.core.errors import NotFound
from codelab.core.redaction import MARK, redact
from codelab.policy.digest import BoundCall, BoundFile
from codelab.policy.risk import Facts
from codelab.policy.types import PolicyDecision
from codelab.store.calls import CallRow
from codelab.tools.contract import FileChange
from codelab.workspace.edits import count_changes, text_edits, unified_diff
from codelab.workspace.files import content_hash


@dataclass(frozen=True, slots=True)
class Proposal(Proposed):
    """Changes made together, and the lines that each adds and removes."""

    changes: tuple[FileChange, ...]
    counts: tuple[tuple[int, int], ...]

    def bound_now(self, run: ActiveRun) -> BoundCall:
        """Return what the approval must fit, with the files' hashes as they are at this moment."""
        now = [content_hash(_read(run, change.path)) for change in self.changes]
        return replace(bound_to(run, self.bound), files=_bound_files(self.changes, now))

    @property
    def facts(self) -> Facts:
        """What its risk is told from."""
        added, removed = (sum(count[side] for count in self.counts) for side in (0, 1))
        return Facts(
            "edit",
            paths=tuple(change.path for change in self.changes),
            created=sum(change.before is None for change in self.changes),
            deleted=sum(change.after is None for change in self.changes),
            added="".join(
                edit.new_text
                for change in self.changes
                for edit in text_edits(change.before_text, change.after_text)
            ),
            added_lines=added,
            removed_lines=removed,
            tainted=self.bound.tainted,
        )

    @property
    def summary(self) -> str:
        """What is changed, in one line for a person."""
        added, removed = (sum(count[side] for count in self.counts) for side in (0, 1))
        return f"{_named(self.changes)} changed (+{added} -{removed})"


def propose(
    run: ActiveRun,
    row: CallRow,
    changes: Sequence[FileChange],
    decision: PolicyDecision,
    move: BranchMove | None = None,
) -> Proposal:
    """Make the approval for changes that are made together; nothing is stored yet.

    Args:
        run: The run.
        row: The call.
        changes: The changes.
        decision: What policy says of them.
        move: How a merge moves the branch besides.
    """
    counts = tuple(count_changes(change.before_text, change.after_text) for change in changes)
    added, removed = (sum(count[side] for count in counts) for side in (0, 1))
    verb = "create" if all(change.before is None for change in changes) else "change"
    if all(change.after is None for change in changes):
        verb = "delete"
    only = changes[0] if len(changes) == 1 else None
    hashes = [content_hash(change.before) for change in changes]
    branch = (move.branch, move.before, move.after) if move is not None else ()
    moved = f"A merge, which also {move.words}. Yes to all of it or to nothing.\n" if move is not None else ""
    bound = replace(bound_call(run, row), branch=branch, files=_bound_files(changes, hashes))
    approval = approval_of(
        run,
        bound,
        decision,
        kind="edit",
        title=f"CodeLab ({run.template.name}) wants to {verb} {_named(changes)} (+{added} -{removed})",
        detail=moved + "".join(map(_shown, changes)),
        path=only.path if only is not None else "",
        texts=(only.before_text, only.after_text) if only is not None else ("", ""),
        editable=_editable(only) if move is None else None,
    )
    return Proposal(approval, bound, tuple(changes), counts)


def _editable(change: FileChange | None) -> str | None:
    """Return the text that the person may edit; none where it holds a secret, which they would not see."""
    if change is None or change.after is None or MARK in redact(change.after_text):
        return None
    return change.after_text


def with_warnings(proposal: Proposal, warnings: Sequence[str]) -> Proposal:
    """Return a proposal that shows the person, before the diff, what an analyser warns of."""
    told = "".join(f"Security: {warning}\n" for warning in warnings)
    approval = proposal.approval
    return proposal.asked_as(replace(approval, detail=f"{told}{approval.detail}"))


def _named(changes: Sequence[FileChange]) -> str:
    return changes[0].path if len(changes) == 1 else f"{len(changes)} files"


def _shown(change: FileChange) -> str:
    diff = unified_diff(change.path, change.before_text, change.after_text)
    head = ""
    if change.before is None and change.executable:
        head = f"{change.path}: a new file that can be executed\n"
    elif change.after is None:
        head = f"{change.path}: deleted\n"
    elif not diff:
        head = f"{change.path}: a new empty file\n"
    return head + diff + ("\n" if diff and not diff.endswith("\n") else "")


def _read(run: ActiveRun, path: str) -> bytes | None:
    try:
        return run.services.view.read(path).data
    except NotFound:
        return None


def _bound_files(changes: Sequence[FileChange], before: Sequence[str]) -> tuple[BoundFile, ...]:
    return tuple(
        BoundFile(change.path, hashed, content_hash(change.after), change.executable)
        for change, hashed in zip(changes, before, strict=True)
    )
