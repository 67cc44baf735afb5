"""``textDocument/didChange``: the person, or an edit, changed a document."""

from lsprotocol import types

from codelab.lsp.face import LspFace


def did_change(face: LspFace, params: types.DidChangeTextDocumentParams) -> None:
    """Tell the workbench what the editor shows now; the mirror has the change already."""
    face.note_change()
    path = face.path_of(params.text_document.uri)
    document = face.mirror.open_document(params.text_document.uri)
    if path and document and (workbench := face.workbench_now):
        workbench.buffer_shown(path, document.source)
