"""What holds for every test: no network, no real settings or keys, a home of its own, nothing left behind."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from codelab.core import redaction
from tests.programme.volume import allow_more_time, volume
from tests.support.leftovers import no_process_left_behind
from tests.support.network import install_network_guard, network_guard

__all__ = ["codelab_home", "network_guard", "no_process_left_behind", "volume"]

_session_home = tempfile.TemporaryDirectory(prefix="codelab-session-", ignore_cleanup_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let ``tests.programme`` choose its areas."""
    parser.addoption(
        "--programme", default="", metavar="AREAS", help="only these areas of the safety programme"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each test of the safety programme its area in the report, and as much time as it needs."""
    asked = config.getoption("--programme")
    for item in items:
        if marker := item.get_closest_marker("programme"):
            item.user_properties.append(("area", marker.args[0]))
    allow_more_time(items)
    if asked:
        config.hook.pytest_deselected(items=[item for item in items if not _is_of(item, asked.split(","))])
        items[:] = [item for item in items if _is_of(item, asked.split(","))]


def _is_of(item: pytest.Item, areas: list[str]) -> bool:
    marker = item.get_closest_marker("programme")
    return marker is not None and marker.args[0] in areas


def pytest_configure() -> None:
    """Cut the run off from the network and from what the person has set up on this machine."""
    install_network_guard()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A run in the background of a shell is deaf to Ctrl-C, and so would be the processes it starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_API_BASE", "_API_TOKEN")) or name.startswith("CODELAB_HOME"):
            del os.environ[name]
    os.environ["CODELAB_HOME"] = _session_home.name  # for fixtures that outlive one test
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
    os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    # A busy machine is no failure: no example is held to a time.
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")


def pytest_unconfigure() -> None:
    """Remove what fixtures of the whole session kept."""
    _session_home.cleanup()


@pytest.fixture(autouse=True)
def codelab_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test, and the processes that it starts, a CODELAB_HOME of their own.

    Its path is short, because the sockets in it may not have long ones; pytest's own folders do.
    """
    home = Path(tempfile.mkdtemp(prefix="codelab-"))
    monkeypatch.setenv("CODELAB_HOME", str(home))
    redaction.forget()
    yield home
    shutil.rmtree(home, ignore_errors=True)
