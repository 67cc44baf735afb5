"""``codelab.undo``: put back what a run changed."""

from dataclasses import dataclass

from lsprotocol import types

from codelab.lsp.commands.arguments import read_arguments
from codelab.lsp.face import LspFace


@dataclass(frozen=True, slots=True)
class UndoArguments:
    """The checkpoint to put back; the last change if empty."""

    checkpoint: str = ""
    show: bool = True


async def undo(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Undo; returns the paths and a sentence."""
    given = read_arguments(params, UndoArguments)
    result = await (await face.workbench()).undo(given.checkpoint)
    if given.show:
        face.show(result.message)
    return {"paths": list(result.paths), "message": result.message}
