"""``codelab.index``: how the index stands; pause it and let it go on."""

import dataclasses
from dataclasses import dataclass

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codelab.lsp.commands.arguments import read_arguments
from codelab.lsp.face import LspFace
from codelab.lsp.opening import show_indexing
from codelab.workbench.index_line import index_line

ACTIONS = ("status", "pause", "resume")


@dataclass(frozen=True, slots=True)
class IndexArguments:
    """What to do, and whether to show the person how the index stands then."""

    action: str = "status"
    show: bool = True


async def index(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Pause the indexing of the workspace or let it go on, and tell how the index stands.

    Raises:
        JsonRpcInvalidParams: The action is none.
    """
    given = read_arguments(params, IndexArguments)
    if given.action not in ACTIONS:
        raise JsonRpcInvalidParams(f"codelab.index knows no {given.action!r}, only {', '.join(ACTIONS)}.")
    workbench = await face.workbench()
    if given.action == "pause":
        await workbench.pause_index()
    elif given.action == "resume":
        await workbench.resume_index()
        face.spawn(show_indexing(face, workbench))
    status = await workbench.index_status()
    if given.show:
        face.show(index_line(status))
    return dataclasses.asdict(status)
