"""What a model understands of tools."""

import re
from enum import StrEnum

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, kind_of

_ABOUT_TOOLS = re.compile(r"\btools?\b|tool.(?:choice|call)|function.call|response.format|json.schema", re.I)
_NOT_THERE = re.compile(
    r"not (?:be )?(?:support|enabled|allowed|available|implemented)|unsupported|support tool|requires?\b",
    re.I,
)


class Grade(StrEnum):
    """How tools are offered to a model, the surest way first.

    ``native``: in the tools field of the chat API; the server returns calls.
    ``json``: the server holds the whole answer to a JSON schema that has room for calls.
    ``text``: in the instructions; calls are found in the text of the answer.
    """

    NATIVE = "native"
    SCHEMA = "json"
    TEXT = "text"


def grade_after(error: ModelError, grade: Grade) -> Grade | None:
    """Return the grade to go on with after a server refused a request, or None if tools are not why.

    Servers refuse the tools field for models without native calls: Ollama says ``does not support tools``,
    vLLM that tool choice requires ``--enable-auto-tool-choice``, routers that no endpoint supports tool use.
    """
    refused = kind_of(error) in (FailureKind.REFUSED, FailureKind.UNKNOWN_MODEL, FailureKind.NOT_AN_API)
    if grade is Grade.TEXT or not refused:
        return None
    return Grade.TEXT if _ABOUT_TOOLS.search(error.why) and _NOT_THERE.search(error.why) else None
