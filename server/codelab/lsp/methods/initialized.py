"""``initialized``: the client is ready."""

from lsprotocol import types

from codelab.lsp.face import LspFace
from codelab.lsp.opening import open_workspace


def initialized(face: LspFace, _params: types.InitializedParams) -> None:
    """Begin to open the workspace; nothing waits for it but what needs it."""
    face.spawn(open_workspace(face))
    if face.root is not None and face.unserved:
        face.show(
            f"CodeLab works in {face.root.name} alone, and not in {', '.join(face.unserved)}."
            " Open each folder in a window of its own, or start a server for each."
        )
