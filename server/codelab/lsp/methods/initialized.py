"""``initialized``: the client is ready."""

from lsprotocol import types

from codelab.lsp.face import LspFace
from codelab.lsp.opening import open_workspace


def initialized(face: LspFace, _params: types.InitializedParams) -> None:
    """Begin to open the workspace; nothing waits for it but what needs it."""
    face.spawn(open_workspace(face))
