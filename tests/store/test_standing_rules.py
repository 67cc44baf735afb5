"""Standing rules as stored: found, counted, ended; never alive beyond their time."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiosqlite import Connection

from codelab.core.errors import InputError, NotFound
from codelab.store import standing_rules
from codelab.store.state import StateDb
from tests.support.stored import a_rule, store_basics

pytestmark = pytest.mark.req("SAFE-1", "SAFE-3")

RULE = a_rule()


@pytest.fixture
async def tx(tmp_path: Path) -> AsyncIterator[Connection]:
    async with await StateDb.open(tmp_path / "state.db") as db, db.write() as tx:
        await store_basics(tx)
        await standing_rules.give(tx, RULE)
        yield tx


async def in_force(tx: Connection, now: float = 1_500.0, client: str = RULE.client) -> list[str]:
    found = await standing_rules.of_calls(tx, client, "coder", "edit_file", now)
    return [rule.id for rule in found]


async def test_a_rule_holds_for_its_client_until_it_expires(tx: Connection) -> None:
    assert await in_force(tx) == ["rule-1"]
    assert await in_force(tx, client="Neovim (mcp)") == []
    assert await in_force(tx, now=1_999.9) == ["rule-1"]
    assert await in_force(tx, now=2_000.0) == []
    assert await standing_rules.of_calls(tx, RULE.client, "tester", "edit_file", 1_500.0) == []
    assert await standing_rules.of_calls(tx, RULE.client, "coder", "run_command", 1_500.0) == []


async def test_a_clock_that_is_set_back_makes_no_rule_live_longer(tx: Connection) -> None:
    assert await in_force(tx, now=900.0) == []  # before it was given
    assert await standing_rules.use(tx, RULE, "run-1", "call-1", 1_900.0) == 1
    assert await in_force(tx, now=1_500.0) == []  # before it was last used
    assert await in_force(tx, now=1_850.0) == ["rule-1"]  # small corrections are no matter


async def test_each_use_is_counted_and_none_after_the_end(tx: Connection) -> None:
    assert [await standing_rules.use(tx, RULE, "run-1", f"c{n}", 1_500.0) for n in range(3)] == [1, 2, 3]
    assert await standing_rules.use(tx, RULE, "run-1", "c9", 2_000.0) == 0
    await standing_rules.end(tx, "rule-1", "you removed it", 1_600.0)
    assert await standing_rules.use(tx, RULE, "run-1", "c9", 1_600.0) == 0
    (rule,) = await standing_rules.list_rules(tx, ended=True)
    assert (rule.uses, rule.ended_why) == (3, "you removed it")


async def test_a_rejection_of_a_like_call_or_an_undo_ends_it(tx: Connection) -> None:
    other = replace(RULE, id="rule-2", likeness="edit b.py")
    await standing_rules.give(tx, other)
    await standing_rules.use(tx, other, "run-1", "call-7", 1_500.0)
    assert await standing_rules.withdraw_like(tx, "edit a.py", "rejected", 1_500.0) == 1
    assert [rule.id for rule in await standing_rules.list_rules(tx)] == ["rule-2"]
    assert await standing_rules.withdraw_used_by(tx, "call-8", "undone", 1_500.0) == 0
    assert await standing_rules.withdraw_used_by(tx, "call-7", "undone", 1_500.0) == 1
    assert await standing_rules.list_rules(tx) == []


async def test_a_rule_is_found_by_a_beginning_of_its_id(tx: Connection) -> None:
    await standing_rules.give(tx, replace(RULE, id="rule-12"))
    assert (await standing_rules.find(tx, "rule-12")).id == "rule-12"
    assert (await standing_rules.find(tx, "12")).id == "rule-12"
    with pytest.raises(InputError, match="Several"):
        await standing_rules.find(tx, "1")
    for nothing in ("", "9", "%"):
        with pytest.raises(NotFound):
            await standing_rules.find(tx, nothing)
