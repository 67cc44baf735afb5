"""``textDocument/didSave``: a document was written to disk."""

from lsprotocol import types

from codelab.lsp.face import LspFace


def did_save(face: LspFace, params: types.DidSaveTextDocumentParams) -> None:
    """Tell the workbench that buffer and file are the same."""
    path = face.path_of(params.text_document.uri)
    if path and (workbench := face.workbench_now):
        workbench.buffer_saved(path)
