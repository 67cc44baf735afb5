"""Identifiers that sort by the time they were made."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def new_id(prefix: str) -> str:
    """Return a new identifier such as ``run-01k8x2m4c7q9f3hv``.

    Args:
        prefix: The kind of thing named: ``ses``, ``run``, ``apr``, ``chk``, ``face``.

    Returns:
        The prefix, 9 digits of base 32 for the time in milliseconds, and 7 random ones (35 bits).
    """
    number = (int(time.time() * 1000) & (1 << 45) - 1) << 35 | secrets.randbits(35)
    digits = "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
    return f"{prefix}-{digits}"
