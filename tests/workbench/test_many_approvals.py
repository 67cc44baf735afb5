"""Many approvals in front of two faces at once: each is answered once, and answers for its own call alone."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from codelab.workbench.types import ApprovalView, RunResult, Verdict
from codelab.workbench.workbench import Workbench
from tests.programme.volume import Volume
from tests.support.bench import bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

pytestmark = [pytest.mark.slow, pytest.mark.req("SAFE-2", "CARD-6")]

NO_LIMITS = (
    "requests_per_hour = 100000\n[limits]\napprovals_per_hour = 100000\nfile_operations_per_hour = 100000\n"
)
AT_ONCE = 20  # runs


class Hasty:
    """Someone who answers every prompt of a face at once: a yes for even files, a no for odd ones."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.counted: Counter[str] = Counter()
        self.seen: dict[str, ApprovalView] = {}

    async def __call__(self, approval: ApprovalView) -> None:
        self.seen[approval.id] = approval
        even = int(approval.path.removeprefix("f").removesuffix(".py")) % 2 == 0
        verdict = Verdict.APPROVED if even else Verdict.REJECTED
        async with self.bench.in_front(approval.id):
            decision = await self.bench.decide(approval.id, verdict)
        self.counted[approval.id] += decision.counted


async def check_many(root: Path, number: int) -> None:
    """Let two faces drive and answer so many runs, each changing a file of its own."""
    write_files(root, {f"f{one}.py": "end\n" for one in range(number)})
    rules = [
        When(f"<{one}>", role="user").call(
            "edit_file", {"path": f"f{one}.py", "replacements": [{"old": "end", "new": f"new {one}"}]}
        )
        for one in range(number)
    ]
    with scripted_model([*rules, When(role="tool").say("Done.")]) as model:
        configure(model, NO_LIMITS)
        async with (
            bench_on(root, client="first", can_prompt=True) as first,
            bench_on(root, client="second", can_prompt=True) as second,
        ):
            people = [Hasty(first), Hasty(second)]
            for bench, person in zip((first, second), people, strict=True):
                bench.attach(prompter=person)
            turns = asyncio.Semaphore(AT_ONCE)

            async def run(one: int) -> RunResult:
                async with turns:
                    bench = (first, second)[one % 3 == 0]
                    return await (await bench.act(f"change <{one}>")).result()

            results = await asyncio.gather(*map(run, range(number)))
            asked = await first.approvals(state="")
    counted = people[0].counted + people[1].counted
    assert len(asked) == number and set(counted.values()) == {1}, "each is answered once, none is lost"
    by_id = {approval.id: approval for approval in asked}
    for one, result in enumerate(results):
        ((approval, state),) = result.approvals
        wanted = "approved" if one % 2 == 0 else "rejected"
        assert (state, by_id[approval].path, by_id[approval].run) == (wanted, f"f{one}.py", result.run)
        text = f"new {one}\n" if one % 2 == 0 else "end\n"
        assert (root / f"f{one}.py").read_text() == text


@pytest.mark.programme("two faces")
async def test_approvals_in_front_of_two_faces_are_answered_once_each(tmp_path: Path, volume: Volume) -> None:
    await check_many(tmp_path / "shop", volume(10, 1_000))
