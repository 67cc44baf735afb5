"""The same request again gets the answer of before, where no tools are in play."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from codelab_models.accounts.ledger import Attempt, Outcome
from codelab_models.host.asking import Chunk, Means, Source, answers
from codelab_models.host.calls import Asked


async def answers_or_kept(means: Means, asked: Asked, source: Source) -> AsyncGenerator[Chunk, None]:
    """Yield the chunks of an answer: the one kept if there is one, else a new one, which is kept.

    A kept answer costs nothing, counts towards no limit, and says ``cached`` under ``codelab``.

    Raises:
        ModelError: See ``answers``.
    """
    hours = asked.limits.cache_hours
    if asked.fresh or not hours:
        async with aclosing(answers(means, asked, source)) as chunks:
            async for chunk in chunks:
                yield chunk
        return
    call = asked.calls[0]
    if kept := means.kept.find(call, hours):
        _account(means, asked)
        yield _as_chunk(kept) if call.stream else kept
        return
    texts: list[str] = []
    last: Chunk = {}
    plain = True
    async with aclosing(answers(means, asked, source)) as chunks:
        async for chunk in chunks:
            yield chunk
            for choice in (chunk.get("choices") or ())[:1]:
                said = choice.get("delta") or choice.get("message") or {}
                texts.append(said.get("content") or "")
                plain = plain and not said.get("tool_calls") and not said.get("refusal")
                if choice.get("finish_reason"):
                    last = {**chunk, "reason": choice["finish_reason"]}
    # An answer of another model than the first, or one cut short, is not what the next request should get.
    if plain and last.get("reason") == "stop" and last.get("model") == call.model:
        means.kept.keep(call, _whole(last, "".join(texts)))


def _whole(last: Chunk, text: str) -> Chunk:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return {
        "id": str(last.get("id", "")),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": last["model"],
        "choices": [choice],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "cost": 0.0},
        "codelab": {"cached": True},
    }


def _as_chunk(whole: Chunk) -> Chunk:
    choice = whole["choices"][0]
    delta = {"index": 0, "finish_reason": choice["finish_reason"], "delta": choice["message"]}
    return {**whole, "object": "chat.completion.chunk", "choices": [delta]}


def _account(means: Means, asked: Asked) -> None:
    call = asked.calls[0]
    attempt = Attempt(asked.kind, True, asked.session, asked.agent, call.provider, call.model, 0.0)
    if (number := means.ledger.begin(attempt)) is not None:
        means.ledger.settle(number, Outcome("cached", 0.0))
