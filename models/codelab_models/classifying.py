"""Asking a model which of a few labels fits, by itself or by the majority of several answers.

Self-consistency: the same question is asked several times and the answer that comes most often counts
(https://arxiv.org/abs/2203.11171). Asking ends as soon as the answers to come can change nothing.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from codelab_models.chat import ChatModel
from codelab_models.wire import ChatRequest, Completion, Message

_SPREAD = 0.7  # temperature of several answers, as in the paper; one alone is the likeliest
_MOST_TOKENS = 1_024  # a model that thinks first needs some

_INSTRUCTION = "Answer with one of these labels and nothing else: {labels}."


@dataclass(frozen=True, slots=True)
class Classified:
    """What a model decided.

    Attributes:
        label: The label, empty where no answer named exactly one.
        votes: How many answers named each label, most first.
        asked: How often the model was asked.
        tokens: Tokens in and out of all answers.
        cost_usd: Their price where known.
    """

    label: str
    votes: tuple[tuple[str, int], ...]
    asked: int
    tokens: int
    cost_usd: float


async def classify(
    model: ChatModel, request: ChatRequest, labels: Sequence[str], *, votes: int = 1
) -> Classified:
    """Return which label fits.

    Args:
        model: What answers.
        request: What is to be classified, with how the labels are told apart; it names the model of the fast
            role. The labels themselves are added to its end.
        labels: Different words, none of which stands in another.
        votes: How many answers at most, 1 or more.

    Raises:
        ModelError: The model failed.
    """
    asked = _with_labels(request, labels, votes)
    counted: Counter[str] = Counter()  # of equally many the label that was named first is ahead
    tokens, cost, number = 0, 0.0, 0
    while number < votes and not _decided(counted, votes - number):
        answer = await _answer(model, asked)
        number += 1
        tokens += answer.tokens_in + answer.tokens_out
        cost += answer.cost_usd
        if label := label_in(answer.message.content, labels):
            counted[label] += 1
    ordered = tuple(counted.most_common())
    return Classified(ordered[0][0] if ordered else "", ordered, number, tokens, cost)


def label_in(text: str, labels: Sequence[str]) -> str:
    """Return the one label that a text names as a word of its own, or an empty string for none or several."""
    pattern = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    named = {found.casefold() for found in re.findall(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.I)}
    fits = [label for label in labels if label.casefold() in named]
    return fits[0] if len(fits) == 1 else ""


def _with_labels(request: ChatRequest, labels: Sequence[str], votes: int) -> ChatRequest:
    instruction = _INSTRUCTION.format(labels=", ".join(json.dumps(label) for label in labels))
    *before, last = request.messages
    told = Message(last.role, f"{last.content}\n\n{instruction}")
    several = votes > 1
    return replace(
        request,
        messages=(*before, told),
        tools=(),
        temperature=_SPREAD if several else 0.0,
        max_tokens=request.max_tokens or _MOST_TOKENS,
        fresh=request.fresh or several,  # an answer that was kept would vote each time
    )


def _decided(counted: "Counter[str]", left: int) -> bool:
    """Tell whether the leader stays ahead whatever the answers to come say."""
    first, second, *_ = [*(count for _, count in counted.most_common(2)), 0, 0]
    return first > second + left


async def _answer(model: ChatModel, request: ChatRequest) -> Completion:
    answer = Completion(Message("assistant", ""), "", "")
    async with aclosing(model.stream(request)) as parts:
        async for part in parts:
            if isinstance(part, Completion):
                answer = part
    return answer
