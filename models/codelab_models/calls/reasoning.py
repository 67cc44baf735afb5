"""A reasoning tool first, then tool calling, for models that do not reason by themselves.

The model must call the one tool ``reason``, whose arguments are a form: what is known, what is missing, what
is left to do, what comes next and why. The form then stands in the conversation while the model is asked for
the real calls. It follows the published pattern of schema-guided reasoning, whose fields are filled in the
order in which one thinks: https://abdullin.com/schema-guided-reasoning
"""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from codelab.core.errors import ModelError
from codelab.core.ids import new_id
from codelab_models.calls.grades import Grade
from codelab_models.calls.offering import create
from codelab_models.calls.parsing import parse
from codelab_models.chat import ChatModel
from codelab_models.failures import FailureKind, kind_of
from codelab_models.wire import ChatRequest, Completion, Message, PromptRead, ToolCall, ToolSpec

_STEPS: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 5}

REASON = ToolSpec(
    "reason",
    "Think before you act. Fill in every field, each in a sentence or a few words.",
    {
        "type": "object",
        "properties": {
            "known": {"type": "string", "description": "What is known by now that matters for the task."},
            "missing": {"type": "string", "description": "What is not known yet; empty if nothing."},
            "remaining_steps": {**_STEPS, "description": "What is left to do, in order, one to five steps."},
            "next": {"type": "string", "description": "The first of these steps, and why it comes first."},
        },
        "required": ["known", "missing", "remaining_steps", "next"],
        "additionalProperties": False,
    },
)

GO_ON = "Now take that next step: call the tools it needs, or answer if nothing is missing."


@dataclass(frozen=True, slots=True)
class Thought:
    """What came of asking for the form.

    Attributes:
        call: The model's form, or None if it filled in none: then it is asked without.
        completion: The whole answer, for the accounts; None where the server refused the question.
    """

    call: ToolCall | None = None
    completion: Completion | None = None

    def told(self, request: ChatRequest) -> ChatRequest:
        """Return a request in which the form stands behind the conversation."""
        if self.call is None:
            return request
        formed = Message("assistant", "", (self.call,))
        answered = Message("tool", GO_ON, call_id=self.call.id)
        return replace(request, messages=(*request.messages, formed, answered))

    def joined(self, answer: Completion) -> Completion:
        """Return the answer that followed, with the form as its reasoning and what it took counted in.

        Beside calls the next step stays in the conversation, so that the model knows later what it wanted.
        """
        if self.completion is None:
            return answer
        before = self.completion
        extra = {**answer.extra, "reasoned_tokens_in": before.tokens_in}
        message = answer.message
        if self.call is not None:
            form = json.loads(self.call.arguments)
            extra["reasoning"] = self.call.arguments
            if message.calls and not message.content.strip():
                message = replace(message, content=form["next"])
        return replace(
            answer,
            message=message,
            tokens_in=answer.tokens_in + before.tokens_in,
            tokens_out=answer.tokens_out + before.tokens_out,
            cost_usd=answer.cost_usd + before.cost_usd,
            extra=extra,
        )


async def reason(model: ChatModel, request: ChatRequest) -> AsyncGenerator[PromptRead | Thought, None]:
    """Ask for the form; a server that cannot force a tool, or a model that ignores it, costs only the form.

    Args:
        model: What answers.
        request: The conversation, with its tools, which are not offered yet.

    Yields:
        How far the model has read, then the thought.

    Raises:
        ModelError: The model failed in another way than by refusing the request.
    """
    asked = create(replace(request, tools=(REASON,), forced=REASON.name), Grade.NATIVE)
    try:
        async with aclosing(model.stream(asked)) as parts:
            async for part in parts:
                if isinstance(part, PromptRead):
                    yield part
                elif isinstance(part, Completion):
                    yield Thought(_form(part), part)
    except ModelError as error:
        if kind_of(error) is not FailureKind.REFUSED:
            raise
        yield Thought()


def _form(completion: Completion) -> ToolCall | None:
    calls = parse(completion, (REASON,), Grade.NATIVE).message.calls
    form = next((call for call in calls if call.name == REASON.name and not call.problem), None)
    return replace(form, id=form.id or new_id("call")) if form is not None else None
