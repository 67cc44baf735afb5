"""``codelab.run``: have something done."""

from dataclasses import dataclass

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codelab.lsp.commands.arguments import focus_of, read_arguments
from codelab.lsp.face import LspFace
from codelab.lsp.runs import Following, answer_with_run, heading
from codelab.workbench.types import Mode


@dataclass(frozen=True, slots=True)
class RunArguments:
    """A task; ``mode`` is ask, plan or allow-edits, empty for the session's; the rest is as for a chat.

    ``typed`` is false where the task stands in a file: then its words unlock no push, pull or merge.
    """

    task: str
    session: str = ""
    path: str = ""
    start_line: int = 0
    end_line: int = 0
    diagnostics: tuple[str, ...] = ()
    mode: str = ""
    title: str = ""
    wait: bool = True
    show: bool = True
    typed: bool = True


async def run(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Give the ``coder`` agent a task, which may turn out to be a question; returns the result as data."""
    given = read_arguments(params, RunArguments)
    if not given.task.strip():
        raise JsonRpcInvalidParams("codelab.run needs a task.")
    if given.mode and given.mode not in [str(mode) for mode in Mode]:
        raise JsonRpcInvalidParams(f"codelab.run knows `mode` as {', '.join(Mode)}, not {given.mode!r}.")
    mode = Mode(given.mode) if given.mode else None
    focus = focus_of(face, given.path, given.start_line, given.end_line, given.diagnostics)
    workbench = await face.workbench()
    handle = await workbench.act(given.task, session=given.session, focus=focus, mode=mode, typed=given.typed)
    following = Following(
        title=heading(given.title or given.task),
        wait=given.wait,
        show=given.show,
        token=params.work_done_token,
    )
    return await answer_with_run(face, handle, following)
