"""A task that is a question goes to ``ask``, where the fast model says so."""

from contextlib import closing
from pathlib import Path

import pytest

from codelab.config.places import find_places
from codelab.core.events import RunStarted, RunState
from codelab.workbench.types import RunResult
from codelab_models.accounts.ledger import Ledger
from tests.support.bench import PAYMENTS, bench_on, configure, write_files
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = pytest.mark.req("MODEL-1", "MODEL-7", "AGENT-5")

TASK = "why is paying slow?"
ASKED_FOR = "a change was asked for"
LABELS = 'labels and nothing else: "question", "change"'
WORK = When(TASK, role="user").say("It waits for the card.")


def says(*labels: str) -> list[When]:
    return [When(LABELS, times=1).say(label) for label in labels]


async def check_run(
    root: Path, model: ScriptedModel, agent: str, why: str, *, votes: int = 3, more: str = ""
) -> RunResult:
    """Give a task; check who works on it and why, and that its tools are that agent's; return the result."""
    write_files(root, {"payments.py": PAYMENTS})
    configure(model, f'fast = "small"\n{more}' + (f"classification_votes = {votes}\n" if votes else ""))
    async with bench_on(root) as bench:
        handle = await bench.act(TASK)
        events = [event async for event in handle.events()]
        result = await handle.result()
    started = events[0]
    assert isinstance(started, RunStarted)
    assert (started.agent, started.reason) == (agent, why)
    assert (result.agent, result.state, result.answer) == (agent, RunState.DONE, "It waits for the card.")
    *sorting, work = model.requests
    assert ("edit_file" in {tool["function"]["name"] for tool in work.body["tools"]}) == (agent == "coder")
    assert all("tools" not in request.body for request in sorting)
    assert [request.body["model"] for request in sorting[:1]] == ["small"] * bool(votes)
    return result


async def test_nothing_is_asked_unless_the_person_wants_it(tmp_path: Path) -> None:
    with scripted_model([WORK]) as model:
        await check_run(tmp_path / "shop", model, "coder", ASKED_FOR, votes=0)
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    ("labels", "agent", "why"),
    [
        (["question", "question"], "ask", "the fast model took the task for a question (2 of 2 answers)"),
        (
            ["question", "change", "question"],
            "ask",
            "the fast model took the task for a question (2 of 3 answers)",
        ),
        (["change", "change"], "coder", f"{ASKED_FOR}; the fast model says so, too (2 of 2 answers)"),
        (
            ["question", "change", "change"],
            "coder",
            f"{ASKED_FOR}; the fast model says so, too (2 of 3 answers)",
        ),
        (
            ["question", "a question or a change", "hm"],
            "coder",
            f"{ASKED_FOR}; the fast model did not say clearly whether it is a question",
        ),
        (
            ["hm", "", "I cannot"],
            "coder",
            f"{ASKED_FOR}; the fast model did not say clearly whether it is a question",
        ),
    ],
)
async def test_the_majority_says_who_gets_a_task(
    tmp_path: Path, labels: list[str], agent: str, why: str
) -> None:
    with scripted_model([*says(*(label or "?" for label in labels)), WORK]) as model:
        await check_run(tmp_path / "shop", model, agent, why)
    assert len(model.requests) == len(labels) + 1


async def test_one_of_each_is_no_majority(tmp_path: Path) -> None:
    why = f"{ASKED_FOR}; the fast model did not say clearly whether it is a question"
    with scripted_model([*says("question", "change"), WORK]) as model:
        await check_run(tmp_path / "shop", model, "coder", why, votes=2)


@pytest.mark.parametrize(
    ("rule", "more", "why"),
    [
        (
            When(LABELS).status(401, "bad key"),
            "",
            "could not say whether it is a question: {server} does not accept the key",
        ),
        (
            When(LABELS).garbage(),
            "",
            "could not say whether it is a question: "
            "{server} sent something that is not an answer of a model",
        ),
        (
            When(LABELS).stall(),
            "local_first_token_seconds = 1.0\n",
            "did not say in time whether it is a question",
        ),
    ],
)
async def test_where_the_fast_model_fails_the_coder_works_and_the_reason_says_so(
    tmp_path: Path, rule: When, more: str, why: str
) -> None:
    with scripted_model([rule, WORK]) as model:
        told = f"{ASKED_FOR}; the fast model {why.format(server=model.base_url)}"
        await check_run(tmp_path / "shop", model, "coder", told, more=more)


async def test_the_answers_are_counted_to_the_run_its_session_and_the_agent_asked_for(tmp_path: Path) -> None:
    rules = [When(LABELS).say("question").usage(100, 1), WORK.usage(1_000, 10)]
    why = "the fast model took the task for a question (its one answer)"
    with scripted_model(rules) as model:
        result = await check_run(tmp_path / "shop", model, "ask", why, votes=1)
    assert result.tokens == 1_111
    with closing(Ledger(find_places().accounts)) as ledger:
        by_agent = {one["name"]: one["requests"] for one in ledger.totals("agent", 0)}
        by_session = {one["name"]: one["requests"] for one in ledger.totals("session", 0)}
    assert by_agent == {"coder": 1, "ask": 1}
    assert by_session == {result.session: 2}
