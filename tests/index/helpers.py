"""Small things that the tests of the index do again and again."""

import asyncio
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from codelab.index.types import Hit, IndexStatus

PATIENCE_SECONDS = 90.0


def write(root: Path, text: str) -> None:
    """Write files given as one text: ``== path`` begins each."""
    for part in textwrap.dedent(text).split("== ")[1:]:
        path, _, content = part.partition("\n")
        target = root / path.strip()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


def paths(hits: list[Hit]) -> list[str]:
    """Return the files of hits, each once, in their order."""
    return list(dict.fromkeys(hit.path for hit in hits))


def reasons(status: IndexStatus) -> dict[str, str]:
    """Return why files were left out, by path."""
    return {skipped.path: skipped.reason for skipped in status.skipped}


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail if it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)
