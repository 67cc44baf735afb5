"""Which workspaces the person trusts, in ``user.db``."""

import os
import time
from pathlib import Path

import aiosqlite

from codelab.store import rows


def _key(root: Path) -> bytes:
    return os.fsencode(root.resolve())


async def is_trusted(db: aiosqlite.Connection, root: Path) -> bool:
    """Tell whether the person trusts a workspace; its parents and children do not count."""
    return bool(await db.execute_fetchall("SELECT 1 FROM trusted_workspaces WHERE root = ?", (_key(root),)))


async def trust(db: aiosqlite.Connection, root: Path) -> None:
    """Note that the person trusts a workspace."""
    await db.execute("INSERT OR IGNORE INTO trusted_workspaces VALUES (?, ?)", (_key(root), time.time()))


async def distrust(db: aiosqlite.Connection, root: Path) -> bool:
    """Note that the person no longer trusts a workspace; tell whether they did."""
    return bool(await rows.change(db, "DELETE FROM trusted_workspaces WHERE root = ?", (_key(root),)))
