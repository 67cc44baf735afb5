"""Approvals of before they could be edited: read as they were, and a damaged one stays known as damaged."""

from contextlib import closing
from pathlib import Path

import pytest

from codelab.core.errors import StateError
from codelab.store import approvals, row_hashes, sqlite
from codelab.store.migrate import load_migrations, migrate
from codelab.store.state import StateDb
from tests.support.stored import an_approval


@pytest.mark.req("AGENT-17", "SAFE-2")
async def test_an_old_approval_is_read_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    before = [step for step in load_migrations("migrations") if step.number < 5]
    migrate(path, tuple(before))
    with closing(sqlite.connect(path)) as db:
        row_hashes.keep_hashes(db)
        db.execute("INSERT INTO sessions (id, title, client, created_at) VALUES ('ses-1', 't', 'c', 1)")
        names = ["session", "agent", "reason", "task", "face", "mode", "model", "answer", "error", "focus"]
        more = ", ".join(names)
        db.execute(
            f"INSERT INTO runs (id, state, tokens, cost_usd, wait, created_at, updated_at, {more})"
            " VALUES ('run-1', 'done', 0, 0, 0, 1, 1, 'ses-1'" + ", ''" * (len(names) - 1) + ")"
        )
        for number in range(3):
            old = an_approval(f"apr-{number}")
            known = [str(row[1]) for row in db.execute("PRAGMA table_info(approvals)")]
            values = {name: getattr(old, name) for name in known if hasattr(old, name)}
            values["expires_at"] = 400.0 if number else None
            marks = ", ".join("?" * len(values))
            db.execute(
                f"INSERT INTO approvals ({', '.join(values)}) VALUES ({marks})",
                list(values.values()),
            )
    with closing(sqlite.connect(path)) as db:
        db.execute("UPDATE approvals SET title = 'delete all' WHERE id = 'apr-2'")
    async with await StateDb.open(path) as state, state.read() as rx:
        for number in range(2):
            old = await approvals.get(rx, f"apr-{number}")
            assert (old.title, old.state, old.editable) == ("change a.py", "pending", None)
        with pytest.raises(StateError, match="damaged"):
            await approvals.get(rx, "apr-2")
