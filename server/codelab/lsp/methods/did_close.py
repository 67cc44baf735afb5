"""``textDocument/didClose``: a document is no longer shown."""

from lsprotocol import types

from codelab.lsp.face import LspFace


def did_close(face: LspFace, params: types.DidCloseTextDocumentParams) -> None:
    """Tell the workbench that the file on disk counts again."""
    face.note_change()
    path = face.path_of(params.text_document.uri)
    if path and (workbench := face.workbench_now):
        workbench.buffer_closed(path)
