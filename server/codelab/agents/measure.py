"""How long a conversation may be for a model, from what is known of it and what its servers have said."""

import re
from dataclasses import dataclass

from codelab.core.errors import ModelError
from codelab_models.registry.profile import Profile

UNCOUNTED = 1.2
"""Tokens taken for each that is estimated, as long as the model's own count is not known."""

FOR_THE_ANSWER = 4_096
"""Tokens of the context that are kept for the answer, or a quarter of it where that is less."""

DOUBTED = 2.0
"""Tokens that there may be for each that is estimated: what fits all the same need not be counted."""

MOST_UNANSWERED = 3
"""Counts in a row that may come too late before none is asked for any more."""

_SHORTER = 0.6  # of what was refused, where it is not said how much less would have been enough
_FACTORS = (0.75, 4.0)  # beyond, a server counts something else, such as what was not in its cache
_NUMBER = re.compile(r"(?<![\w.,:/-])(?:\d{1,3}(?:,\d{3})+|\d{3,8})(?![\w/:-]|\.\d)")


@dataclass(slots=True)
class Measure:
    """What the servers of one model have said so far.

    Attributes:
        factor: Tokens that they counted for each that was estimated, 0 before the first count.
        room: Tokens that they take at most, 0 as long as none was refused.
        unanswered: How often in a row nobody could count a request in time.
    """

    factor: float = 0.0
    room: int = 0
    unanswered: int = 0

    def tokens(self, profile: Profile, tools: int) -> int:
        """Return how many estimated tokens of messages fit beside the tools and an answer; 0 for any number.

        Args:
            profile: Of the model; its context counts, unless a server has named less.
            tools: Estimated tokens of the tools.
        """
        left = self._left(profile)
        return max(1, int(left / (self.factor or UNCOUNTED)) - tools) if left else 0

    def doubts(self, profile: Profile, estimated: int) -> bool:
        """Tell whether a request may be too long, so that it should be counted before it is sent.

        Args:
            profile: Of the model.
            estimated: Estimated tokens of the request.
        """
        return self.unanswered < MOST_UNANSWERED and 0 < self._left(profile) < estimated * DOUBTED

    def _left(self, profile: Profile) -> int:
        """Return how many tokens a request may have, 0 for any number."""
        limits = [limit for limit in (profile.context, self.room) if limit]
        context = min(limits, default=0)
        return context - min(FOR_THE_ANSWER, context // 4)

    def count(self, estimated: int, counted: int) -> None:
        """Take in how many tokens a request had by the model's own tokenizer; 0 says nothing."""
        if counted:
            least, most = _FACTORS
            self.factor = min(most, max(least, counted / max(1, estimated)))

    def count_exactly(self, estimated: int, counted: int | None) -> None:
        """Take in what the model's own tokenizer says of a request before it is sent.

        Args:
            estimated: Estimated tokens of the request.
            counted: As ``codelab_models.counting.count_tokens`` returns it.
        """
        if counted:
            self.factor = counted / max(1, estimated)
            self.unanswered = 0
        else:
            self.unanswered = MOST_UNANSWERED if counted == 0 else self.unanswered + 1

    def refuse(self, estimated: int, error: ModelError) -> None:
        """Take in that a request was too long; most servers say how long it was, and how long it may be."""
        counted, room = lengths_in(error.why)
        self.count(estimated, counted)
        told = int(estimated * (self.factor or 1.0))
        # A limit that the request keeps is one of something else.
        self.room = room if 0 < room < told else max(1, int(told * _SHORTER))


def lengths_in(why: str) -> tuple[int, int]:
    """Return how many tokens a refused request had and how many it may have, 0 for what is not said.

    OpenAI, Anthropic, Google, Mistral, vLLM and llama.cpp name both numbers, the one that was too large and
    the limit, which are the two largest; some name the limit alone.
    """
    numbers = sorted({int(found[0].replace(",", "")) for found in _NUMBER.finditer(why)}, reverse=True)
    if len(numbers) > 1:
        return numbers[0], numbers[1]
    return 0, numbers[0] if numbers else 0
