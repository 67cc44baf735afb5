"""``codelab.resume``: take up a run that was interrupted."""

from dataclasses import dataclass

from lsprotocol import types

from codelab.core.errors import NotFound
from codelab.lsp.commands.arguments import read_arguments
from codelab.lsp.face import LspFace
from codelab.lsp.runs import Following, answer_with_run, heading


@dataclass(frozen=True, slots=True)
class ResumeArguments:
    """The run; the oldest one that waits if empty."""

    run: str = ""
    wait: bool = True
    show: bool = True


async def resume(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Take up a run; returns its result as data."""
    given = read_arguments(params, ResumeArguments)
    workbench = await face.workbench()
    waiting = {run.run: run for run in await workbench.interrupted()}
    name = given.run or next(iter(waiting), "")
    if not name:
        raise NotFound("No run is waiting")
    found = waiting.get(name)
    handle = await workbench.resume(name)
    following = Following(
        title=heading(found.task) if found else name,
        wait=given.wait,
        show=given.show,
        token=params.work_done_token,
    )
    return await answer_with_run(face, handle, following)
