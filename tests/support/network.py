"""No test reaches the network, and neither does any Python process that a test starts.

``install_network_guard`` watches this process and puts a ``sitecustomize`` on PYTHONPATH, which children
inherit. A child given an environment made from nothing needs ``guard_variables`` in it. Attempts are
noted in a file, which the ``network_guard`` fixture reads after each test.
"""

import atexit
import contextlib
import os
import tempfile
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

GUARD_FOLDER = Path(__file__).parent / "network_guard"
LOG_VARIABLE = "CODELAB_TEST_NETWORK_LOG"
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class _Guard:
    """The installed guard of this process."""

    log: Path | None = None
    module: ModuleType | None = None


def install_network_guard() -> Path:
    """Keep this process and the children it will start on loopback; repeated calls change nothing.

    Returns:
        The file in which attempts are noted.
    """
    if _Guard.log is None:
        handle, name = tempfile.mkstemp(prefix="codelab-network-", suffix=".log")
        os.close(handle)
        atexit.register(Path(name).unlink, missing_ok=True)
        spec = spec_from_file_location("codelab_network_guard", GUARD_FOLDER / "sitecustomize.py")
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        _Guard.log, _Guard.module = Path(name), module
        os.environ.update(guard_variables())
        for variable in PROXY_VARIABLES:  # a proxy on loopback would lead out
            os.environ.pop(variable, None)
        module.install()
    return _Guard.log


def guard_variables() -> dict[str, str]:
    """Return the environment variables that a child must have to be guarded."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    others = [path for path in paths if path and path != str(GUARD_FOLDER)]
    return {
        "PYTHONPATH": os.pathsep.join([str(GUARD_FOLDER), *others]),
        LOG_VARIABLE: str(install_network_guard() if _Guard.log is None else _Guard.log),
    }


def network_attempts() -> list[str]:
    """Return what was attempted since the last call, one line each, and forget it."""
    log = install_network_guard()
    with log.open("r+", encoding="utf-8") as lines:
        attempts = lines.read().splitlines()
        lines.truncate(0)
    return attempts


@contextlib.contextmanager
def attempts_expected() -> Iterator[list[str]]:
    """Fill the list with the attempts made in the block, instead of failing the test for them."""
    seen: list[str] = []
    yield seen
    seen.extend(network_attempts())


@pytest.fixture(autouse=True)
def network_guard() -> Iterator[None]:
    """Fail a test during which anything tried to leave this machine."""
    install_network_guard()
    yield
    if attempts := network_attempts():
        pytest.fail("the network was tried:\n" + "\n".join(attempts))
