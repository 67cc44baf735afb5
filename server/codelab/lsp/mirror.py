"""The open documents as the client has them.

Two defects of pygls 2.1.1 are mended here: it splits lines with ``str.splitlines``, so a form feed or U+2028
puts every later change in the wrong place; and it reads closed files as strict UTF-8 with universal newlines,
so CR LF is lost and a byte that is not UTF-8 is an exception.
"""

from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from codelab.lsp.positions import from_client, offset_of, split_lines


class MirroredDocument(TextDocument):
    """One document, split into lines as the protocol says."""

    @property
    def lines(self) -> list[str]:
        """The lines with their ends."""
        return split_lines(self.source)

    @property
    def source(self) -> str:
        """The text: the client's where it is open, else the file's own bytes; no newline is translated."""
        if self._source is not None:
            return self._source
        return Path(self.path).read_bytes().decode("utf-8", "surrogateescape")

    @property
    def encoding(self) -> str:
        """What the client counts columns in: utf-8, utf-16 or utf-32."""
        return str(getattr(self.position_codec.encoding, "value", self.position_codec.encoding))

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        source, lines = self.source, self.lines
        start = offset_of(from_client(change.range.start, lines, self.encoding), lines)
        end = offset_of(from_client(change.range.end, lines, self.encoding), lines)
        self._source = source[:start] + change.text + source[max(start, end) :]


class MirroredWorkspace(Workspace):
    """The workspace of pygls over ``MirroredDocument``."""

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> MirroredDocument:
        return MirroredDocument(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )

    def open_document(self, uri: str) -> MirroredDocument | None:
        """Return a document that the client has open, or None."""
        document = self._text_documents.get(unquote(uri))
        return document if isinstance(document, MirroredDocument) else None

    def open_documents(self) -> list[MirroredDocument]:
        """Return all documents that the client has open."""
        return [
            document for document in self._text_documents.values() if isinstance(document, MirroredDocument)
        ]

    def update_text_document(
        self, text_doc: types.VersionedTextDocumentIdentifier, change: types.TextDocumentContentChangeEvent
    ) -> None:
        """Apply a change; one for a document that is not open is ignored."""
        if self.open_document(text_doc.uri) is not None:
            super().update_text_document(text_doc, change)


def mirrored(workspace: Workspace) -> MirroredWorkspace:
    """Return a mirror with the same root, folders and encoding as a workspace that pygls made."""
    return MirroredWorkspace(
        workspace.root_uri,
        workspace._sync_kind,
        list(workspace.folders.values()),
        workspace.position_encoding,
    )
