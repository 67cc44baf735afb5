"""``$/progress``: a piece of the answer to a request of ours."""

from lsprotocol import types

from codelab.lsp.face import LspFace


def progress(face: LspFace, params: types.ProgressParams) -> None:
    """Hand the piece to whoever waits for it; one that nobody waits for is ignored."""
    if take := face.partial_results.get(params.token):
        take(params.value)
