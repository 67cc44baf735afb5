"""Pieces of sentences."""

import pytest

from codelab.core.wording import cause_of, counted


@pytest.mark.parametrize(("number", "told"), [(0, "0 files"), (1, "1 file"), (1204, "1,204 files")])
def test_a_number_goes_with_its_noun(number: int, told: str) -> None:
    assert counted(number, "file") == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied", "/home/me/a"), "Permission denied"),
        (OSError("it is too large"), "it is too large"),
        (ValueError("embedded null byte"), "embedded null byte"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_the_cause_of_a_failure_is_told_without_numbers_and_paths(error: Exception, told: str) -> None:
    assert cause_of(error) == told
