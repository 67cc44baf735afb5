"""How much a test of the programme tries, and the record of how much that was."""

import os
from collections.abc import Callable
from typing import TypeAlias

import pytest

WHOLE = "CODELAB_PROGRAMME"
"""Set in the environment of a run that tries all of it."""
TIMEOUT_SECONDS = 3 * 3600.0
"""A guard against hanging for one test of such a run."""

Volume: TypeAlias = Callable[[int, int], int]


@pytest.fixture
def volume(record_property: Callable[[str, object], None]) -> Volume:
    """Return a function of a small volume and the whole one; it returns that of this run and records it."""

    def choose(small: int, whole: int) -> int:
        chosen = whole if WHOLE in os.environ else small
        record_property("volume", chosen)
        return chosen

    return choose


def allow_more_time(items: list[pytest.Item]) -> None:
    """Lift the time limits of the programme's tests, if this run tries all of it."""
    if WHOLE in os.environ:
        for item in items:
            if item.get_closest_marker("programme"):
                item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS), append=False)
