"""Rows for tests of the store, where a test spells out only what matters to it."""

from typing import Any

from aiosqlite import Connection

from codelab.core.events import RunState
from codelab.store import approvals, runs, sessions
from codelab.store.approvals import Approval
from codelab.store.runs import Run
from codelab.store.sessions import Session
from codelab.store.standing_rules import StandingRow


def a_run(run_id: str = "run-1", **values: Any) -> Run:
    """Return a run of session ``ses-1``."""
    row: dict[str, Any] = {
        "id": run_id, "session": "ses-1", "agent": "coder", "reason": "it writes", "task": "fix it",
        "state": RunState.IDLE, "face": "face-1", "mode": "ask", "created_at": 1.0, "updated_at": 1.0,
    }  # fmt: skip
    return Run(**(row | values))


def an_approval(approval_id: str = "apr-1", **values: Any) -> Approval:
    """Return a pending approval of run ``run-1``."""
    row: dict[str, Any] = {
        "id": approval_id, "run": "run-1", "session": "ses-1", "call": "call-1", "agent": "coder",
        "client": "Neovim", "face": "face-1", "tool": "edit_file", "digest": "d1", "title": "change a.py",
        "detail": "+1", "path": "a.py", "before": "", "after": "x", "risk": "medium", "asked_at": 1.0,
    }  # fmt: skip
    return Approval(**(row | values))


def a_rule(rule_id: str = "rule-1", **values: Any) -> StandingRow:
    """Return a standing rule of ``Neovim (lsp)`` about changes of ``a.py``, from second 1,000 to 2,000."""
    row: dict[str, Any] = {
        "id": rule_id, "client": "Neovim (lsp)", "tool": "edit_file", "agent": "coder",
        "words": "changes of a.py", "scope": "{}", "likeness": "edit a.py", "risk": "medium",
        "approval": "apr-1", "created_at": 1_000.0, "expires_at": 2_000.0,
    }  # fmt: skip
    return StandingRow(**(row | values))


async def store_basics(tx: Connection) -> None:
    """Store session ``ses-1`` with run ``run-1`` and approval ``apr-1``."""
    await sessions.create(tx, Session("ses-1", "fix it", "Neovim", 1.0))
    await runs.create(tx, a_run())
    await approvals.propose(tx, an_approval())
