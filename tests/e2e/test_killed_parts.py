"""The other processes killed at each event of a run: what that costs."""

import os
import signal
from pathlib import Path

import pytest

from codelab.core.events import RunState
from codelab.workbench.types import RunResult, Verdict
from codelab.workbench.workbench import Workbench
from tests.support.bench import PAYMENTS, Person, bench_on, configure, write_files
from tests.support.leftovers import MARK, marked_processes
from tests.support.model_server import When, scripted_model

CHANGED = PAYMENTS.replace("def pay(amount):\n", "def pay(amount):\n    check(amount)\n")
RULES = [
    When("check the amount", role="user").call("search_code", {"query": "pay"}),
    When("def pay", role="tool").call(
        "edit_file",
        {
            "path": "payments.py",
            "replacements": [{"old": "def pay(amount):\n", "new": "def pay(amount):\n    check(amount)\n"}],
        },
    ),
    When(role="tool").say("Done: `payments.py:1-3`.", pieces=3),
]
WORKER, HOST = "codelab.index.building.worker", "codelab_models.host"


def kill_all(module: str) -> int:
    """Kill every process of this test that runs a module; return how many there were."""
    victims = [process for process in marked_processes(os.environ[MARK]) if module in process.command]
    for process in victims:
        os.kill(process.pid, signal.SIGKILL)
    return len(victims)


async def run_with_kill(bench: Workbench, module: str, fatal: int) -> tuple[RunResult, int, int]:
    """Run the coder and kill a part at the nth event; return how it ended, the events, and the killed."""
    handle = await bench.act("check the amount")
    count = killed = 0
    async for _ in handle.events():
        count += 1
        if count == fatal:
            killed = kill_all(module)
    return await handle.result(), count, killed


@pytest.mark.slow
@pytest.mark.programme("kills")
@pytest.mark.timeout(300)
@pytest.mark.req("INDEX-1", "AGENT-17")
async def test_an_index_worker_killed_at_any_event_costs_the_run_nothing(tmp_path: Path) -> None:
    with scripted_model(RULES) as model:
        configure(model)
        root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
        async with bench_on(root) as bench:
            bench.attach(prompter=Person(bench, *[Verdict.APPROVED] * 99))
            _, events, _ = await run_with_kill(bench, WORKER, 0)
            deaths = 0
            for fatal in range(1, events + 1):
                await bench.undo()
                result, _, killed = await run_with_kill(bench, WORKER, fatal)
                deaths += killed
                assert result.state is RunState.DONE
                assert (root / "payments.py").read_text() == CHANGED
            assert deaths > 0
            assert await bench.search("pay")


@pytest.mark.long
@pytest.mark.programme("kills")
@pytest.mark.timeout(900)
@pytest.mark.req("MODEL-4", "AGENT-17")
async def test_a_model_host_killed_at_any_event_costs_at_most_its_call(tmp_path: Path) -> None:
    with scripted_model(RULES) as model:
        configure(more=f'[models]\nchat = "openai/scripted"\napi_base = "{model.base_url}"\n')
        os.environ["OPENAI_API_KEY"] = "sk-none"
        root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
        try:
            async with bench_on(root) as bench:
                bench.attach(prompter=Person(bench, *[Verdict.APPROVED] * 99))
                whole, events, _ = await run_with_kill(bench, HOST, 0)
                assert whole.state is RunState.DONE
                deaths = 0
                for fatal in range(1, events + 1):
                    if (root / "payments.py").read_text() == CHANGED:
                        await bench.undo()
                    result, _, killed = await run_with_kill(bench, HOST, fatal)
                    deaths += killed
                    assert (root / "payments.py").read_text() in (PAYMENTS, CHANGED)
                    assert result.state is RunState.DONE or result.error.startswith("The model")
                assert deaths > 0
        finally:
            del os.environ["OPENAI_API_KEY"]
            kill_all(HOST)
