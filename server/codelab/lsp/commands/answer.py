"""``codelab.answer``: answer an approval that the client put off, or that it knows by its id."""

from dataclasses import dataclass

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codelab.lsp.answers import answer_of
from codelab.lsp.commands.arguments import read_arguments
from codelab.lsp.face import LspFace


@dataclass(frozen=True, slots=True)
class AnswerArguments:
    """The approval, and the answer as in the result of ``codelab/approval``."""

    approval: str
    answer: str
    reason: str = ""
    text: str = ""


async def answer(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Answer; returns the approval's state and whether this answer counted."""
    given = read_arguments(params, AnswerArguments)
    found = answer_of({"answer": given.answer, "reason": given.reason, "text": given.text})
    if found is None or found.later:
        raise JsonRpcInvalidParams("`answer` is approve, approveAlways, reject or edit.")
    waiting = face.answers.get(given.approval)
    if waiting is not None and not waiting.done():
        waiting.set_result(found)
        return {"state": "answered", "counted": True, "message": ""}
    decision = await (await face.workbench()).decide(
        given.approval, found.verdict, reason=found.reason, text=found.text, always=found.always
    )
    return {"state": decision.state, "counted": decision.counted, "message": decision.message}
