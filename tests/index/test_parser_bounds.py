"""Texts that take a parsing process too far: each costs itself, with the reason, and nothing else."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.index.building.pool import Outcome, ParserPool, Text
from tests.index.helpers import until

BOUNDED = (sys.executable, str(Path(__file__).with_name("bounded_parser.py")))
STARTS = """
import os, pathlib, runpy, sys
pathlib.Path(sys.argv[1], str(os.getpid())).touch()
runpy.run_path(sys.argv[2], run_name="__main__")
"""


def ask(pool: ParserPool, *texts: bytes) -> dict[int, Outcome]:
    """Parse texts in one batch and return what came of each."""
    for number, data in enumerate(texts):
        pool.give(Text(number, "a.py", data))
    return {outcome.number: outcome for outcomes in pool.drain() for outcome in outcomes}


@pytest.fixture
def bounded() -> Iterator[ParserPool]:
    """Return a pool whose processes may take little memory and time."""
    pool = ParserPool(processes=1, command=BOUNDED)
    yield pool
    pool.close()


@pytest.mark.req("INDEX-1")
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"MEMORY", "for want of memory"),
        (b"TIME", "took too long"),
        (b"CRASH", "crashed"),
        (b"RAISE", "could not be parsed"),
    ],
)
@pytest.mark.slow
def test_a_text_that_goes_too_far_costs_itself_and_says_why(
    bounded: ParserPool, bad: bytes, reason: str
) -> None:
    outcomes = ask(bounded, b"def before(): pass\n", bad, b"def after(): pass\n")
    assert reason in outcomes[1].reason
    for healthy in (outcomes[0], outcomes[2]):
        assert healthy.reason == ""
        assert healthy.rows is not None and len(healthy.rows.definitions) == 1


@pytest.mark.req("INDEX-1")
def test_a_process_that_has_grown_is_replaced_between_two_texts_and_loses_none(bounded: ParserPool) -> None:
    first = ask(bounded, b"pid = 1\n")[0]
    same = ask(bounded, b"pid = 2\n")[0]
    grown = ask(bounded, b"GROW = 3\n")[0]
    other = ask(bounded, b"pid = 4\n")[0]
    pids = [outcome.rows.language for outcome in (first, same, grown, other) if outcome.rows is not None]
    assert pids[0] == pids[1] == pids[2], "the control: one that has not grown serves on"
    assert pids[3] != pids[2]
    assert str(os.getpid()) not in pids


@pytest.mark.req("INDEX-1")
def test_processes_are_renewed_when_told_to_and_lose_no_text(bounded: ParserPool) -> None:
    before = ask(bounded, b"pid = 1\n")[0]
    bounded.renew()
    after = ask(bounded, b"pid = 2\n", b"pid = 3\n")
    pids = [outcome.rows.language for outcome in (before, *after.values()) if outcome.rows is not None]
    assert pids[0] != pids[1] == pids[2]


@pytest.mark.req("INDEX-1")
async def test_once_it_is_calm_a_fresh_process_waits_for_the_next_text(tmp_path: Path) -> None:
    command = (sys.executable, "-c", STARTS, str(tmp_path), BOUNDED[1])
    pool = ParserPool(processes=1, command=command, calm_seconds=0.01)
    try:
        ask(pool, b"pid = 1\n")
        before = set(os.listdir(tmp_path))
        pool.renew()
        await until(lambda: len(os.listdir(tmp_path)) > len(before))
        waiting = set(os.listdir(tmp_path)) - before
        rows = ask(pool, b"pid = 2\n")[0].rows
        assert rows is not None and {rows.language} == waiting
    finally:
        pool.close()
