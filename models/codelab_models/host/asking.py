"""Asks the models of a request in turn, until one says something: limits, retries, fallbacks, accounts."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.accounts.ledger import Attempt, Ledger, Outcome
from codelab_models.accounts.limits import too_many, warnings
from codelab_models.explaining import Explainer
from codelab_models.failures import TRY_AGAIN, FailureKind, ModelFailure, failure, kind_of
from codelab_models.host.answers_kept import AnswersKept
from codelab_models.host.breaker import Breakers
from codelab_models.host.calls import Asked, ModelCall, where_of
from codelab_models.host.keys import no_key, with_key_from_keyring, without_secrets
from codelab_models.host.prices import cost
from codelab_models.host.providers_library import ProvidersLibrary
from codelab_models.host.routing import Backend, Backends
from codelab_models.host.spending import asker_of, is_budgeted, within_budgets
from codelab_models.host.tally import Tally, characters_in, finish_reason
from codelab_models.providers import LOCAL_PROVIDERS
from codelab_models.reading import ANSWER_BYTES
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
    _check_rate(means, asked)
    passed: list[tuple[ModelCall, ModelError]] = []
    sent = _Sent()
    for number, call in enumerate(asked.calls):
        others = len(asked.calls) - number - 1
        told = _told(means, asked, call, passed)
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
    call = without_secrets(await with_key_from_keyring(call))
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
    priced = is_budgeted(asked.limits, asker_of(asked, call)) and call.provider not in LOCAL_PROVIDERS
    through_litellm = backend is means.backends.providers
    litellm = await means.library.get() if through_litellm or priced else means.library.now
    # Nothing is awaited from here to the row in the accounts: no other request can spend the same money.
    call, most = within_budgets(litellm, asked, call, means.ledger, time.time())
    number = _begin(means, asked, call, sent, most)
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
                if tally.characters > ANSWER_BYTES:
                    raise Explainer(where_of(call)).endless(ANSWER_BYTES)
                yield chunk
        word = "answered"
    except ModelError as error:
        word = str(kind_of(error))
        if kind_of(error) is FailureKind.KEY and not call.api_key and not tally.characters:
            raise no_key(call) from error
        raise
    except Exception as error:  # only noted here
        word = type(error).__name__
        raise
    finally:
        outcome = tally.outcome(word, litellm)
        _log(call, outcome)
        try:
            means.ledger.settle(number, outcome)
        except ModelError as error:  # the answer is there all the same, and what was reserved counts
            log.warning("the accounts cannot be written: %s", error.why)


def _check_rate(means: Means, asked: Asked) -> None:
    """Refuse a chat request beyond the number that an hour may have.

    Vectors do not count: the index asks for them in the background, in numbers that no person would guess.
    """
    error = too_many(asked.limits, means.ledger, time.time()) if asked.kind == "chat" else None
    if error is not None:
        raise error


def _begin(means: Means, asked: Asked, call: ModelCall, sent: _Sent, most_usd: float) -> int:
    """Write down an attempt before it is made; the limit of requests holds however many are on their way."""
    first = not sent.attempts
    attempt = Attempt(asked.kind, first, asked.session, asked.agent, call.provider, call.model, most_usd)
    most = asked.limits.requests_per_hour if first and asked.kind == "chat" else None
    number = means.ledger.begin(attempt, most_in_hour=most)
    if number is None:
        _check_rate(means, asked)
        raise failure(FailureKind.LIMIT, "The limit of requests to models in an hour is reached")
    sent.attempts += 1
    return number


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


def _told(means: Means, asked: Asked, call: ModelCall, passed: list[tuple[ModelCall, ModelError]]) -> Chunk:
    told: Chunk = {}
    if passed:
        told["passed_over"] = [{"model": call.model, "why": error.what} for call, error in passed]
    if asked.kind == "chat":
        near = warnings(asked.limits, means.ledger, time.time(), asker_of(asked, call))
        told |= {"warnings": near} if near else {}
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
