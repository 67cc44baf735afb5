"""``textDocument/didOpen``: a document is shown."""

from lsprotocol import types

from codelab.lsp.face import LspFace


def did_open(face: LspFace, params: types.DidOpenTextDocumentParams) -> None:
    """Tell the workbench what the editor shows."""
    path = face.path_of(params.text_document.uri)
    if path and (workbench := face.workbench_now):
        workbench.buffer_shown(path, params.text_document.text)
