"""Numbers that are given as arguments."""

import argparse
from collections.abc import Callable


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return what reads a whole number for ``argparse``, and says what is allowed where it is another.

    Args:
        least: The smallest that is allowed.
        most: The largest, if there is one.
    """
    allowed = f"{least} or more" if most is None else f"{least} to {most}"

    def read(text: str) -> int:
        number = int(text) if text.isdecimal() and len(text) < 10 else -1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"must be a whole number, {allowed}, and not {text!r}")
        return number

    return read
