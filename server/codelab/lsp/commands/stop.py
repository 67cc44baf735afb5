"""``codelab.stop``: stop a run."""

from dataclasses import dataclass

from lsprotocol import types

from codelab.lsp.commands.arguments import read_arguments
from codelab.lsp.face import LspFace


@dataclass(frozen=True, slots=True)
class StopArguments:
    """The run to stop; all of this editor's if empty."""

    run: str = ""
    show: bool = True


async def stop(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Stop; returns the ids of the runs that were stopped."""
    given = read_arguments(params, StopArguments)
    stopped = await (await face.workbench()).stop(given.run)
    if given.show and not stopped:
        face.show("Nothing is running.")
    return {"stopped": stopped}
