"""Which CodeLab this is, and which of two is older."""

import re


def own_version() -> str:
    """Return the version of the CodeLab that is installed, ``0`` if it cannot be told."""
    from importlib.metadata import PackageNotFoundError, version  # takes a while, and not every face asks

    try:
        return version("codelab")
    except PackageNotFoundError:
        return "0"


def is_older(one: str, other: str) -> bool:
    """Tell whether one version came before another, by the numbers of the release alone."""
    return _release(one) < _release(other)


def _release(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
