"""One question to a model of any grade."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from codelab_models.calls.grades import Grade
from codelab_models.calls.manner import PLAIN, Manner
from codelab_models.calls.offering import create
from codelab_models.calls.parsing import parse
from codelab_models.calls.reasoning import Thought, reason
from codelab_models.calls.showing import Showing
from codelab_models.chat import ChatModel
from codelab_models.wire import ChatRequest, Completion, Part, PromptRead, TextDelta


async def ask(
    model: ChatModel, request: ChatRequest, grade: Grade = Grade.NATIVE, manner: Manner = PLAIN
) -> AsyncGenerator[Part, None]:
    """Answer a request whose tools are offered as the model's grade wants it; see ``ChatModel.stream``.

    Args:
        model: What answers.
        request: The conversation and the tools, in the terms of the chat API.
        grade: What the model understands.
        manner: How it is told of tools.

    Yields:
        Prose as it arrives, never the notation of a call; then the answer as ``parse`` returns it.
    """
    thought = Thought()
    if manner.reason_first and grade is Grade.NATIVE and request.tools:
        async with aclosing(reason(model, request)) as thoughts:
            async for one in thoughts:
                if isinstance(one, Thought):
                    thought = one
                else:
                    yield one
    showing = Showing(grade) if request.tools or grade is Grade.SCHEMA else None
    async with aclosing(model.stream(create(thought.told(request), grade, manner))) as parts:
        async for part in parts:
            if isinstance(part, Completion):
                answer = await asyncio.to_thread(parse, part, request.tools, grade)  # imports jsonschema
                if showing is not None and (rest := showing.rest(answer.message.content)):
                    yield TextDelta(rest)
                yield thought.joined(answer)
            elif showing is None or isinstance(part, PromptRead):
                yield part
            elif text := showing.feed(part.text):
                yield TextDelta(text)
