"""``codelab.chat``: ask about the code."""

from dataclasses import dataclass

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codelab.lsp.commands.arguments import focus_of, read_arguments
from codelab.lsp.face import LspFace
from codelab.lsp.runs import Following, answer_with_run, heading


@dataclass(frozen=True, slots=True)
class ChatArguments:
    """A question; ``path`` and lines (from 1) say what the person has before them.

    With ``wait`` the request is answered when the answer is there, else at once with the run's id; with
    ``show`` the answer is opened in the editor.
    """

    question: str
    session: str = ""
    path: str = ""
    start_line: int = 0
    end_line: int = 0
    diagnostics: tuple[str, ...] = ()
    title: str = ""
    wait: bool = True
    show: bool = True


async def chat(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Ask the ``ask`` agent; returns the result as data."""
    given = read_arguments(params, ChatArguments)
    if not given.question.strip():
        raise JsonRpcInvalidParams("codelab.chat needs a question.")
    focus = focus_of(face, given.path, given.start_line, given.end_line, given.diagnostics)
    workbench = await face.workbench()
    handle = await workbench.ask(given.question, session=given.session, focus=focus)
    following = Following(
        title=heading(given.title or given.question),
        wait=given.wait,
        show=given.show,
        token=params.work_done_token,
    )
    return await answer_with_run(face, handle, following)
