"""How an engine says what it has."""

from collections.abc import Callable
from typing import Any

Say = Callable[[dict[str, Any]], None]
"""Takes an event of the request at work."""
