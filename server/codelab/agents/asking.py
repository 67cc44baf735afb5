"""Asking a run's model once: in the room that it has, in the way that it understands."""

import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from codelab.agents.choosing import grade_for, manner_for
from codelab.agents.measure import Measure
from codelab.agents.room import fitted
from codelab.agents.run import ActiveRun
from codelab.core.errors import ModelError
from codelab.core.events import ModelReading
from codelab_models.calls import Grade, ask, create, grade_after
from codelab_models.chat import ChatModel
from codelab_models.counting import count_tokens
from codelab_models.failures import FailureKind, kind_of
from codelab_models.registry.profile import UNKNOWN, Profile
from codelab_models.registry.select import Choice
from codelab_models.tokens import tokens_of_message, tokens_of_request, tokens_of_tools
from codelab_models.wire import ChatRequest, Completion, Message, PromptRead, ToolSpec

_log = logging.getLogger(__name__)

MOST_SHORTENINGS = 3  # after them a fifth of what was refused is left, too little to answer from


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the model of a run.

    Attributes:
        run: The run.
        model: What answers.
        said: All messages of the run.
        tools: What may be called.
        choice: Which model is asked, and which in its place.
    """

    run: ActiveRun
    model: ChatModel
    said: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    choice: Choice


async def ask_model(asked: Asked) -> Completion:
    """Return the model's answer, with its tokens counted or estimated; its text is passed on as it comes.

    Where the server refuses the way in which tools are offered, the next one is tried. Where it finds the
    conversation too long, less of it is told, and the run's later requests keep to that.

    Raises:
        ModelError: The model failed in any other way.
    """
    run, services = asked.run, asked.run.services
    measure = services.measures.setdefault(asked.choice.model, Measure())
    grade = grade_for(run, asked.choice)
    shortenings = 0
    refused: ModelError | None = None
    request: ChatRequest | None = None
    await _count_before(asked, measure, grade)
    while True:
        before, request = request, _request(asked, measure)
        if refused is not None and request == before:  # nothing more can be left out
            raise refused
        try:
            completion = await _once(asked, request, grade)
        except ModelError as error:
            may_lower = bool(asked.tools) and services.settings.models.tool_calls == "auto"
            lower = grade_after(error, grade) if may_lower else None
            if lower is not None:
                _log.info("tools are offered as %s from now on: %s", lower.value, error)
                services.grades[asked.choice.model], grade, request = lower, lower, None
                continue
            if kind_of(error) is not FailureKind.TOO_LONG or shortenings == MOST_SHORTENINGS:
                raise
            shortenings += 1
            refused = error
            measure.refuse(tokens_of_request(request), error)
            _log.info("conversations are held to %s tokens from now on: %s", measure.room, error)
            continue
        return _counted(measure, request, completion)


async def _count_before(asked: Asked, measure: Measure, grade: Grade) -> None:
    """Have a conversation that may be too long counted by the model's own tokenizer, where that is known."""
    run = asked.run
    told, _ = fitted(asked.said, run.window, 0)
    request = _with_messages(asked, told)
    estimated = tokens_of_request(request)
    if measure.doubts(_profile(asked), estimated):
        manner = manner_for(run, asked.choice)
        counted = await count_tokens(asked.model, create(request, grade, manner))
        measure.count_exactly(estimated, counted)


def _request(asked: Asked, measure: Measure) -> ChatRequest:
    """Return the request that fits the room, and note in the run what it leaves out."""
    run = asked.run
    room = measure.tokens(_profile(asked), tokens_of_tools(asked.tools))
    told, run.window = fitted(asked.said, run.window, room)
    return _with_messages(asked, told)


def _profile(asked: Asked) -> Profile:
    return asked.choice.candidate.profile if asked.choice.candidate else UNKNOWN


def _with_messages(asked: Asked, told: Sequence[Message]) -> ChatRequest:
    run = asked.run
    return ChatRequest(
        tuple(told),
        asked.tools,
        model=asked.choice.model,
        fallbacks=tuple(other.model for other in asked.choice.others),
        session=run.session,
        agent=run.template.name,
        fresh=True,
    )


async def _once(asked: Asked, request: ChatRequest, grade: Grade) -> Completion:
    run, manner = asked.run, manner_for(asked.run, asked.choice)
    async with aclosing(ask(asked.model, request, grade, manner)) as stream:
        async for piece in stream:
            if isinstance(piece, Completion):
                run.said()
                return piece
            if isinstance(piece, PromptRead):
                run.feed.publish(ModelReading(run=run.id, processed=piece.processed, total=piece.total))
            else:
                run.say(piece.text)
    raise ModelError("The model broke off without an answer", fix="Ask again")


def _counted(measure: Measure, request: ChatRequest, completion: Completion) -> Completion:
    """Return the answer with token counts, and learn from the server's how far the estimate is off."""
    estimate = tokens_of_request(request)
    if not completion.tokens_in + completion.tokens_out:
        return replace(completion, tokens_in=estimate, tokens_out=tokens_of_message(completion.message))
    if not completion.extra.get("passed_over"):  # else another model counted
        measure.count(estimate, completion.tokens_in - completion.extra.get("reasoned_tokens_in", 0))
    return completion
