"""When a server does not take tools, they are offered another way."""

import pytest

from codelab.core.errors import ModelError
from codelab_models.calls import Grade, grade_after
from codelab_models.failures import refusal

pytestmark = pytest.mark.req("MODEL-3", "MODEL-1")

REFUSALS = [
    (400, "registry.ollama.ai/library/gemma2:2b does not support tools"),
    (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    (404, "No endpoints found that support tool use. To learn more about provider routing, see the docs."),
    (400, "Unsupported parameter: 'tools' is not supported with this model."),
    (422, "response_format json_schema is not supported"),
]


def refused(status: int, said: str) -> ModelError:
    return refusal(status, "", said, model="m", where="http://127.0.0.1:1/v1")


@pytest.mark.parametrize(("status", "said"), REFUSALS)
def test_a_refusal_of_tools_leads_to_tools_in_the_text(status: int, said: str) -> None:
    assert grade_after(refused(status, said), Grade.NATIVE) is Grade.TEXT
    assert grade_after(refused(status, said), Grade.SCHEMA) is Grade.TEXT
    assert grade_after(refused(status, said), Grade.TEXT) is None


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "model `x` not found"),
        (400, "max_tokens is too large"),
        (429, "tools are not available: quota used up"),
        (500, "tool call failed"),
        (400, "Invalid value for tools[0].function.name"),
    ],
)
def test_another_refusal_is_not_taken_for_one_of_tools(status: int, said: str) -> None:
    assert grade_after(refused(status, said), Grade.NATIVE) is None
