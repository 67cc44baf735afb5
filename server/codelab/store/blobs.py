"""Contents of files, stored once each under their SHA-256 and checked on every read.

A flipped bit in a database passes SQLite's own integrity check more often than not.
"""

import asyncio
import hashlib
import zlib

import aiosqlite

from codelab.core.errors import StateError


async def put(db: aiosqlite.Connection, content: bytes) -> str:
    """Store some content and return its hash (hex)."""
    digest = hashlib.sha256(content).hexdigest()
    packed = await asyncio.to_thread(zlib.compress, content)
    await db.execute(
        "INSERT OR IGNORE INTO blobs (hash, size, content) VALUES (?, ?, ?)", (digest, len(content), packed)
    )
    return digest


async def get(db: aiosqlite.Connection, blob: str) -> bytes:
    """Return some content by its hash.

    Raises:
        StateError: It is missing or no longer what was stored.
    """
    found = list(await db.execute_fetchall("SELECT size, content FROM blobs WHERE hash = ?", (blob,)))
    if not found:
        raise _lost(blob, "It is not there")
    size, packed = found[0]
    try:
        content = await asyncio.to_thread(_unpack, packed, size)
    except zlib.error as error:
        raise _lost(blob, str(error)) from error
    if hashlib.sha256(content).hexdigest() != blob:
        raise _lost(blob, "Its checksum is wrong")
    return content


def _unpack(packed: bytes, size: int) -> bytes:
    return zlib.decompressobj().decompress(packed, max(size, 0) + 1)  # never more than one byte too many


def _lost(blob: str, why: str) -> StateError:
    return StateError(
        f"The stored copy {blob[:12]} is damaged",
        why=why,
        fix="Nothing was written with it; take the file from version control or a backup of CodeLab's folder",
    )
