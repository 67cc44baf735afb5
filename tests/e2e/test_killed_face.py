"""A face killed at each event of a run: nothing torn, nothing lost, and the run goes on or ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codelab.core.events import RunState
from codelab.workbench.types import Verdict
from tests.support.bench import PAYMENTS, Person, bench_on, configure, write_files
from tests.support.model_server import ScriptedModel, When, scripted_model

CHANGED = PAYMENTS.replace("def pay(amount):\n", "def pay(amount):\n    check(amount)\n")
RULES = [
    When("check the amount", role="user").call("read_file", {"path": "payments.py"}),
    When("def pay", role="tool").call(
        "edit_file",
        {
            "path": "payments.py",
            "replacements": [{"old": "pay(amount):\n", "new": "pay(amount):\n    check(amount)\n"}],
        },
    ),
    When(role="tool").say("Done: `payments.py:1-3`.", pieces=3),
]


def run_face(root: Path, fatal: int) -> subprocess.CompletedProcess[str]:
    """Run a face that is killed at its nth event."""
    command = [sys.executable, "-m", "tests.support.run_until_killed", str(root), str(fatal)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def check_aftermath(root: Path, model: ScriptedModel) -> None:
    """Check that the file is whole, that the run waits or ended, and that it can be finished and undone."""
    file = root / "payments.py"
    assert file.read_text() in (PAYMENTS, CHANGED)
    async with bench_on(root) as bench:
        bench.attach(prompter=Person(bench, *[Verdict.APPROVED] * 3))
        waiting = await bench.interrupted()
        assert os.listdir(root) == ["payments.py"], "a temporary file was left in the workspace"
        assert len(waiting) <= 1
        for run in waiting:
            result = await (await bench.resume(run.run)).result()
            assert result.state is RunState.DONE
            assert [changed.path for changed in result.changed] == ["payments.py"]
        assert file.read_text() == CHANGED
        assert await bench.approvals(state="pending") == []
        await bench.undo()
        assert file.read_text() == PAYMENTS


@pytest.mark.slow
@pytest.mark.programme("kills")
@pytest.mark.timeout(300)
@pytest.mark.req("AGENT-7", "AGENT-17", "SAFE-2", "SAFE-8")
async def test_a_face_killed_at_any_event_of_a_run_leaves_nothing_torn(
    tmp_path: Path, codelab_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_model(RULES) as model:
        root = write_files(tmp_path / "whole", {"payments.py": PAYMENTS})
        configure(model)
        whole = run_face(root, 0)
        kinds = whole.stdout.split()
        assert kinds[0] == "RunStarted", whole.stderr
        assert kinds[-1] == "RunEnded"
        assert {"ApprovalAsked", "ApprovalDecided", "FileChanged", "ToolCalled", "MessageAdded"} <= set(kinds)
        for fatal in range(1, len(kinds) + 1):
            monkeypatch.setenv("CODELAB_HOME", str(codelab_home / str(fatal)))
            configure(model)
            root = write_files(tmp_path / str(fatal), {"payments.py": PAYMENTS})
            killed = run_face(root, fatal)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            await check_aftermath(root, model)
