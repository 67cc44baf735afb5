"""``workspace/textDocumentContent``: the text of a ``codelab:`` document."""

from lsprotocol import types

from codelab.core.errors import NotFound
from codelab.lsp.documents import text_of
from codelab.lsp.face import LspFace


async def text_document_content(
    face: LspFace, params: types.TextDocumentContentParams
) -> types.TextDocumentContentResult:
    """Return the text.

    Raises:
        NotFound: It is no longer kept.
    """
    text = text_of(face, params.uri)
    if text is None:
        raise NotFound(f"{params.uri} is no longer kept", fix="Ask again")
    return types.TextDocumentContentResult(text=text)
