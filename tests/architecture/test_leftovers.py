"""The guard against processes that outlive their test."""

import subprocess
import sys

import pytest

from tests.support.leftovers import leave_nothing_behind, marked_processes

WAITS_FOR_EVER = "import sys; print('ready', flush=True); sys.stdin.read()"


def start(code: str, *, detached: bool = False) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=detached,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"ready"
    return process


def finish(process: subprocess.Popen[bytes]) -> None:
    process.communicate()


@pytest.mark.req("CARD-8")
@pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
class TestProcessesLeftBehind:
    def test_a_detached_process_left_running_fails_the_test_and_is_ended(self) -> None:
        guard = leave_nothing_behind(seconds=0.05)
        mark = next(guard)
        process = start(WAITS_FOR_EVER, detached=True)
        with pytest.raises(pytest.fail.Exception, match="left behind"):
            next(guard)
        finish(process)
        assert process.returncode == -9
        assert marked_processes(mark) == []

    def test_a_process_that_ended_is_no_complaint(self) -> None:
        guard = leave_nothing_behind()
        next(guard)
        finish(start(WAITS_FOR_EVER))
        with pytest.raises(StopIteration):
            next(guard)
