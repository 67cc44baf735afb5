"""Texts that CodeLab opens in the editor: answers and diffs.

A client that asks servers for the text of their documents gets a ``codelab:`` URI; any other a file in the
workspace's cache folder.
"""

import contextlib
import os
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codelab.core.redaction import redact
from codelab.lsp.face import LspFace
from codelab.lsp.paths import file_uri

SCHEME = "codelab"
_KEPT = 50
"""Documents kept, in memory or in the cache folder; the oldest go first."""
_MESSAGE_LIMIT = 1500
"""Characters of a text shown as a message by a client that cannot open documents."""


async def open_document(face: LspFace, name: str, text: str, *, focus: bool = True) -> str:
    """Open a text in the editor, or show its beginning as a message where the client opens none.

    Args:
        face: The connection.
        name: File name, which tells the kind: ``run-01k8.md``.
        text: The text.
        focus: Whether the person's cursor should go there.

    Returns:
        The document's URI.
    """
    uri = keep_document(face, name, text)
    if await _show(face, uri, focus=focus):
        return uri
    place = "" if uri.startswith(f"{SCHEME}:") else f"\n\n({uri})"
    cut = text if len(text) <= _MESSAGE_LIMIT else f"{text[:_MESSAGE_LIMIT]} ..."
    face.show(f"{cut}{place}")
    return uri


def keep_document(face: LspFace, name: str, text: str) -> str:
    """Keep a text, without the known secrets, where the client can read it and return its URI."""
    text = redact(text)
    if face.abilities.content_provider:
        face.contents[name] = text
        while len(face.contents) > _KEPT:
            face.contents.popitem(last=False)
        return f"{SCHEME}:/{name}"
    folder = _documents_folder(face)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _forget_oldest(folder)
    path = folder / name
    with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="", opener=_private) as file:
        file.write(text)
    return file_uri(path)


def text_of(face: LspFace, uri: str) -> str | None:
    """Return the text of a ``codelab:`` document, or None for one that is no longer kept."""
    return face.contents.get(uri.removeprefix(f"{SCHEME}:").lstrip("/"))


async def _show(face: LspFace, uri: str, *, focus: bool) -> bool:
    if not face.abilities.show_document:
        return False
    params = types.ShowDocumentParams(uri=uri, take_focus=focus)
    try:
        result = await face.protocol.request(types.WINDOW_SHOW_DOCUMENT, params)
    except JsonRpcException:
        return False
    return bool(getattr(result, "success", False))


def _documents_folder(face: LspFace) -> Path:
    from codelab.config.places import find_places

    places = find_places()
    return (places.workspace_cache(face.root) if face.root else places.cache) / "documents"


def _forget_oldest(folder: Path) -> None:
    with contextlib.suppress(OSError):
        kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[_KEPT - 1 :]:
            path.unlink()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
