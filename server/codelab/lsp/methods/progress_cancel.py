"""``window/workDoneProgress/cancel``: the person stopped what a progress shows."""

from lsprotocol import types

from codelab.lsp.face import LspFace


def progress_cancel(face: LspFace, params: types.WorkDoneProgressCancelParams) -> None:
    """Stop it; a progress that has ended is ignored."""
    if cancel := face.progress_cancels.pop(params.token, None):
        cancel()
