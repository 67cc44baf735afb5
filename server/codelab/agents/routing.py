"""Which agent a task is for: it may be a question, which ``ask`` answers with no tool that changes anything.

The model of the fast role says so where the person wants it (``models.classification_votes``). In any doubt
the task stays with the agent that the face asked for.
"""

import asyncio
from dataclasses import dataclass
from functools import cache
from importlib import resources

from codelab.agents.services import Services
from codelab.config.settings import ModelSettings
from codelab.core.errors import CodeLabError
from codelab_models.classifying import classify
from codelab_models.local_models import is_local
from codelab_models.providers import LOCAL_PROVIDERS, provider_of
from codelab_models.registry.select import Role, Task
from codelab_models.servers import is_loopback
from codelab_models.tokens import tokens_of_text
from codelab_models.wire import ChatRequest, Message

QUESTION, CHANGE = "question", "change"

_SECONDS = 8.0  # for all answers; the person waits, and no run is there yet that they could stop
_LOCAL_SECONDS = 60.0  # a model on this machine may have to be loaded first
_MOST_CHARACTERS = 4_000  # of a task; what it is shows at its beginning


@dataclass(frozen=True, slots=True)
class Routed:
    """Which agent a task goes to.

    Attributes:
        agent: The template's name.
        why: Why this one was chosen, a clause.
        tokens: Tokens used to find out.
        cost_usd: Their price where known.
    """

    agent: str
    why: str
    tokens: int = 0
    cost_usd: float = 0.0


async def route(services: Services, task: str, wanted: Routed, session: str) -> Routed:
    """Return which agent a task goes to.

    Args:
        services: What is asked, and with which settings; nothing is asked where they do not want it.
        task: What the person asked.
        wanted: The agent that the face asked for. It gets what is no question, and what cannot be told.
        session: The session that the requests are accounted to.
    """
    model, models = services.model, services.settings.models
    votes = models.classification_votes
    if votes == 0 or model is None:
        return wanted
    try:
        request = await _request(services, task, wanted.agent, session)
        async with asyncio.timeout(_patience(models, request.model)):
            found = await classify(model, request, (QUESTION, CHANGE), votes=votes)
    except TimeoutError:
        why = f"{wanted.why}; the fast model did not say in time whether it is a question"
        return Routed(wanted.agent, why)
    except CodeLabError as error:
        why = f"{wanted.why}; the fast model could not say whether it is a question: {error.what}"
        return Routed(wanted.agent, why)
    named = dict(found.votes).get(found.label, 0)
    said = f"{named} of {found.asked} answers" if found.asked > 1 else "its one answer"
    if 2 * named <= found.asked:
        agent, why = (
            wanted.agent,
            f"{wanted.why}; the fast model did not say clearly whether it is a question",
        )
    elif found.label == QUESTION:
        agent, why = "ask", f"the fast model took the task for a question ({said})"
    else:
        agent, why = wanted.agent, f"{wanted.why}; the fast model says so, too ({said})"
    return Routed(agent, why, found.tokens, found.cost_usd)


async def _request(services: Services, task: str, agent: str, session: str) -> ChatRequest:
    messages = (Message("system", _instructions()), Message("user", task[:_MOST_CHARACTERS]))
    tokens = sum(tokens_of_text(message.content) for message in messages)
    choice = await services.chooser.choose(Task(Role.FAST, tokens))
    others = tuple(other.model for other in choice.others)
    return ChatRequest(messages, model=choice.model, fallbacks=others, session=session, agent=agent)


def _patience(models: ModelSettings, model: str) -> float:
    """Return how many seconds the answers may take together."""
    base = "" if is_local(model) else models.endpoint or models.api_base
    if is_loopback(base) if base else provider_of(model).name in LOCAL_PROVIDERS:
        return min(_LOCAL_SECONDS, models.local_first_token_seconds or _LOCAL_SECONDS)
    return min(_SECONDS, models.first_token_seconds)


@cache
def _instructions() -> str:
    file = resources.files("codelab.agents") / "instructions" / "routing.md"
    return file.read_text(encoding="utf-8").strip()
