"""Asks the models of a request in turn, until one says something: limits, retries, fallbacks, accounts."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.failures import TRY_AGAIN, FailureKind, ModelFailure, failure, kind_of
from codelab_models.host import spending
from codelab_models.host.answers_kept import AnswersKept
from codelab_models.host.breaker import Breakers
from codelab_models.host.calls import Asked, ModelCall, where_of
from codelab_models.host.keys import with_key_from_keyring
from codelab_models.host.ledger import Attempt, Ledger, Outcome
from codelab_models.host.prices import cost
from codelab_models.host.providers_library import ProvidersLibrary
from codelab_models.host.routing import Backend, Backends
from codelab_models.host.tally import Tally, characters_in, finish_reason
from codelab_models.transport import backoff

log = logging.getLogger("codelab.host")

Chunk = dict[str, Any]
Source = Callable[[Backend, ModelCall], AsyncGenerator[Chunk, None]]
"""Asks a backend; a whole answer is one chunk."""

_PROGRESS = "prompt_progress"  # in chunks of a local model that is still reading; they say nothing yet
RETRIES = 2
RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 10.0  # no attempt begins later than this after the first


@dataclass(frozen=True, slots=True)
class Means:
    """What every request of a host shares; ``retry_seconds`` is the first pause between attempts."""

    library: ProvidersLibrary
    backends: Backends
    ledger: Ledger
    breakers: Breakers
    kept: AnswersKept
    retry_seconds: float = RETRY_SECONDS


def streamed(backend: Backend, call: ModelCall) -> AsyncGenerator[Chunk, None]:
    """Ask for the pieces of an answer."""
    return backend.stream(call)


async def whole(backend: Backend, call: ModelCall) -> AsyncGenerator[Chunk, None]:
    """Ask for a whole answer."""
    yield await backend.complete(call)


async def vectors(backend: Backend, call: ModelCall) -> AsyncGenerator[Chunk, None]:
    """Ask for vectors."""
    yield await backend.embed(call)


async def answers(means: Means, asked: Asked, source: Source) -> AsyncGenerator[Chunk, None]:
    """Yield the chunks of an answer, of the first model that says anything.

    The first chunk tells under ``codelab`` which models were passed over, and which limits are near.

    Raises:
        ModelError: A limit is reached; or no model answered, and this is why the first did not; or the answer
            broke off in the middle.
    """
    spending.check_rate(asked, means.ledger, time.time())
    passed: list[tuple[ModelCall, ModelError]] = []
    sent = _Sent()
    for number, call in enumerate(asked.calls):
        others = len(asked.calls) - number - 1
        told = _told(means, asked, passed)
        started = False
        try:
            async with aclosing(_with_retries(means, asked, call, source, sent, others=others)) as chunks:
                async for chunk in chunks:
                    if _PROGRESS in chunk:
                        yield chunk
                    elif not started:
                        started = True
                        yield {**chunk, "codelab": told} if told else chunk
                    else:
                        yield chunk
            return
        except ModelError as error:
            if started:
                raise
            passed.append((call, error))
    raise _all_failed(passed)


@dataclass(slots=True)
class _Sent:
    """How many attempts a request has taken; however many they are, it counts as one request."""

    attempts: int = 0


async def _with_retries(
    means: Means, asked: Asked, call: ModelCall, source: Source, sent: _Sent, *, others: int
) -> AsyncGenerator[Chunk, None]:
    """Ask one model, again where that may help and nothing was said yet."""
    call = await with_key_from_keyring(call)
    means.breakers.check(call, alternative=others > 0)
    ends = time.monotonic() + LONGEST_RETRY_SECONDS
    noted = False
    try:
        for attempt in range(RETRIES + 1):
            try:
                async with aclosing(_attempt(means, asked, call, source, sent)) as chunks:
                    async for chunk in chunks:
                        if not noted:
                            means.breakers.note(call, None)
                            noted = True
                        yield chunk
                return
            except ModelFailure as error:
                pause = backoff(attempt, means.retry_seconds, error.retry_after)
                hopeless = error.kind not in TRY_AGAIN or attempt == RETRIES
                if noted or hopeless or time.monotonic() + pause > ends:
                    if not noted:
                        means.breakers.note(call, error)
                        noted = True
                    raise
            await asyncio.sleep(pause)
    finally:
        if not noted:
            means.breakers.let_go(call)


async def _attempt(
    means: Means, asked: Asked, call: ModelCall, source: Source, sent: _Sent
) -> AsyncGenerator[Chunk, None]:
    """Ask one model once, and write down what it cost however it ends."""
    backend = means.backends.of(call)
    # Only litellm knows prices; a model that is asked without it need not wait for it, but a budget does.
    budgeted = asked.limits.budget_usd_day or asked.limits.budget_usd_month
    through_litellm = backend is means.backends.providers
    litellm = await means.library.get() if through_litellm or budgeted else means.library.now
    call, most = spending.within_budget(litellm, call, asked.limits, means.ledger, time.time())
    number = means.ledger.begin(
        Attempt(asked.kind, not sent.attempts, asked.session, asked.agent, call.provider, call.model, most)
    )
    sent.attempts += 1
    tally = Tally(call)
    word = "left"
    try:
        limits = asked.limits
        seconds = limits.local_first_token_seconds if call.local else limits.first_token_seconds
        async with aclosing(_once_it_speaks(source(backend, call), call, seconds)) as chunks:
            async for chunk in chunks:
                if isinstance(usage := chunk.get("usage"), dict):
                    usage.setdefault("cost", cost(litellm, call, usage))
                tally.take(chunk)
                yield chunk
        word = "answered"
    except ModelError as error:
        word = str(kind_of(error))
        raise
    except Exception as error:
        word = type(error).__name__
        raise
    finally:
        outcome = tally.outcome(word, litellm)
        means.ledger.settle(number, outcome)
        _log(call, outcome)


async def _once_it_speaks(
    chunks: AsyncGenerator[Chunk, None], call: ModelCall, seconds: float
) -> AsyncGenerator[Chunk, None]:
    """Hold the chunks back until one says something, so that until then another model may still be asked."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds if seconds else None
    held: list[Chunk] = []
    reason = ""
    async with aclosing(chunks):
        while True:
            try:
                async with asyncio.timeout_at(ends):
                    chunk = await anext(chunks, None)
            except TimeoutError as error:
                raise _slow(call, seconds) from error
            if chunk is None:
                raise _said_nothing(call, reason)
            if _PROGRESS in chunk:
                yield chunk
                continue
            held.append(chunk)
            reason = finish_reason(chunk) or reason
            if characters_in(chunk):
                break
        for chunk in held:
            yield chunk
        async for chunk in chunks:
            yield chunk


def _told(means: Means, asked: Asked, passed: list[tuple[ModelCall, ModelError]]) -> Chunk:
    told: Chunk = {}
    if passed:
        told["passed_over"] = [{"model": call.model, "why": error.what} for call, error in passed]
    if asked.kind == "chat" and (near := spending.warnings(asked.limits, means.ledger, time.time())):
        told["warnings"] = near
    return told


def _all_failed(passed: list[tuple[ModelCall, ModelError]]) -> ModelError:
    """Return why the first model failed, and what became of those asked instead."""
    (_, error), *others = passed
    if others:
        instead = "; ".join(f"{call.model!r} instead: {one.what}" for call, one in others)
        error.why = f"{error.why.rstrip('.')}. {instead}".removeprefix(". ")
    return error


def _slow(call: ModelCall, seconds: float) -> ModelError:
    name = "local_first_token_seconds" if call.local else "first_token_seconds"
    return failure(
        FailureKind.SLOW,
        f"{where_of(call)} does not answer",
        why=f"The first piece of its answer did not come within {seconds:g} s",
        fix=f"Raise `models.{name}`, or choose a faster model in `models.chat`",
    )


def _said_nothing(call: ModelCall, reason: str) -> ModelError:
    if reason == "content_filter":
        return failure(FailureKind.FILTERED, "The provider's content filter stopped the answer")
    why = "It used up the tokens allowed" if reason == "length" else ""
    return failure(FailureKind.EMPTY, f"{call.model!r} answered nothing", why=why)


def _log(call: ModelCall, outcome: Outcome) -> None:
    log.info("%r %s after %.0f ms", call.model[:100], outcome.outcome, outcome.seconds * 1000)
