"""Contents of the index as their files hold them, with the places of their chunks."""

from sqlite3 import Connection
from typing import NamedTuple

from codelab.index.embedding.passage_vectors import Place
from codelab.index.files.content import Reader, blob_key, to_utf8
from codelab.index.parsing.manifests import format_of
from codelab.index.storing.vectors import Unembedded


class Content(NamedTuple):
    """A content and where its chunks are in it."""

    of: Unembedded
    data: bytes
    places: list[Place]


def read_content(connection: Connection, reader: Reader, of: Unembedded, max_bytes: int) -> Content | None:
    """Read a content from its file; None if it does not stand there any more."""
    try:
        raw, _ = reader.read(of.path, max_bytes)
    except OSError:
        return None
    data = to_utf8(raw)
    row = connection.execute("SELECT key, language FROM blob WHERE id = ?", (of.blob,)).fetchone()
    if data is None or row is None or blob_key(data, row[1], format_of(of.path)) != row[0]:
        return None
    places: list[Place] = connection.execute(
        "SELECT symbol, start_line, end_line FROM chunk WHERE id >= ? AND id < ? ORDER BY id",
        (of.first_chunk, of.first_chunk + of.chunks),
    ).fetchall()
    return Content(of, data, places) if len(places) == of.chunks else None
