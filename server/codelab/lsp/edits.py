"""Changing open buffers through the editor, as one step of its undo."""

import asyncio
from collections.abc import Sequence

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codelab.core.positions import TextEdit
from codelab.lsp.face import LspFace
from codelab.lsp.mirror import MirroredDocument
from codelab.lsp.positions import offset_of, range_to_client, split_lines
from codelab.workbench.types import BufferEdit

_SEEN_SECONDS = 5.0
"""Some clients say that they applied an edit which they skipped: Neovim 0.7 one for an older version."""
_ANNOTATION = "codelab"


class BufferEditor:
    """The workbench's ``Editor`` over a client.

    Args:
        face: The connection.
        seen_seconds: Longest wait for a change that the client says it made to come back from it.
    """

    def __init__(self, face: LspFace, seen_seconds: float = _SEEN_SECONDS) -> None:
        self._face = face
        self._seen_seconds = seen_seconds

    async def apply(self, edit: BufferEdit) -> bool:
        """Change an open buffer; see ``codelab.workbench.types.Editor``."""
        document = self._face.document_at(edit.path)
        if document is None or document.source != edit.before or not self._face.abilities.apply_edit:
            return False
        params = types.ApplyWorkspaceEditParams(edit=self._workspace_edit(document, edit), label=edit.label)
        try:
            result = await self._face.protocol.request(types.WORKSPACE_APPLY_EDIT, params)
        except JsonRpcException:
            return False
        if not getattr(result, "applied", False):
            return False
        return edited(edit.before, edit.edits) == edit.before or await self._has_changed(document, edit)

    def _workspace_edit(self, document: MirroredDocument, edit: BufferEdit) -> types.WorkspaceEdit:
        abilities = self._face.abilities
        lines = split_lines(edit.before)
        changes = [
            (range_to_client(change.range, lines, document.encoding), change.new_text)
            for change in edit.edits
        ]
        if not abilities.document_changes:
            return types.WorkspaceEdit(
                changes={document.uri: [types.TextEdit(*change) for change in changes]}
            )
        identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
        if not abilities.annotations:
            edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]
            edits = [types.TextEdit(*change) for change in changes]
            return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, edits)])
        edits = [
            types.AnnotatedTextEdit(annotation_id=_ANNOTATION, range=place, new_text=text)
            for place, text in changes
        ]
        # The person has already said yes to exactly this change: the editor need not ask again.
        annotation = types.ChangeAnnotation(label=edit.label, needs_confirmation=False)
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(identifier, edits)],
            change_annotations={_ANNOTATION: annotation},
        )

    async def _has_changed(self, document: MirroredDocument, edit: BufferEdit) -> bool:
        """Wait until the client has sent the change back."""
        try:
            async with asyncio.timeout(self._seen_seconds):
                while document.source == edit.before:
                    await self._face.changed.wait()
        except TimeoutError:
            return False
        return True


def edited(text: str, edits: Sequence[TextEdit]) -> str:
    """Return a text with edits made that do not overlap and whose positions are those of the text."""
    lines = split_lines(text)
    parts, done = [], 0
    for edit in sorted(edits, key=lambda edit: edit.range.start):
        parts += [text[done : offset_of(edit.range.start, lines)], edit.new_text]
        done = offset_of(edit.range.end, lines)
    return "".join([*parts, text[done:]])
