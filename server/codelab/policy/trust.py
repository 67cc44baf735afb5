"""Trust: how far calls like this one have deserved a yes, from what became of those before.

Each call that came to an end counts with a weight that halves every 30 days. The score is the lower end of
Wilson's interval for the share of good ones (E. B. Wilson, Probable inference, the law of succession, and
statistical inference, JASA 22, 1927, pages 209-212), one-sided at 95%: with few calls it is low however good.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from codelab.core.wording import counted

HALF_LIFE_DAYS = 30.0
_Z = 1.6449  # the standard normal's 95th percentile
_DAY = 86_400.0
_TRUSTED, _MIXED = 0.7, 0.4


class Ending(StrEnum):
    """What became of a call."""

    APPROVED = "approved"
    EDITED = "edited"  # approved after the person had changed it
    REJECTED = "rejected"
    UNDONE = "undone"
    FAILED = "failed"


_GOODNESS = {Ending.APPROVED: 1.0, Ending.EDITED: 0.5}  # the others are worth nothing


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that came to an end: how, at which Unix time, and whether without a question to the person."""

    ending: Ending
    at: float
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a kind of call is trusted.

    Attributes:
        score: From 0 (not at all) to 1.
        counts: Calls by how they ended, not weighted.
        words: It in one line for a person.
    """

    score: float
    counts: dict[Ending, int]
    words: str

    @property
    def calls(self) -> int:
        """How many calls it rests on."""
        return sum(self.counts.values())


def wilson_lower(good: float, all_: float) -> float:
    """Return the lower end of Wilson's interval for a share.

    Args:
        good: Good ones, possibly weighted.
        all_: All of them.
    """
    if all_ <= 0:
        return 0.0
    share, z2 = min(good / all_, 1.0), _Z * _Z
    middle = share + z2 / (2 * all_)
    spread = _Z * math.sqrt(share * (1 - share) / all_ + z2 / (4 * all_ * all_))
    return max(0.0, (middle - spread) / (1 + z2 / all_))


def trust_in(agent: str, what: str, history: Sequence[Ended], now: float) -> Trust:
    """Return the trust that a history deserves.

    Args:
        agent: The agent.
        what: The kind of call, for a person: ``edits``, ``commands``.
        history: Its calls that came to an end, in any order.
        now: Unix time; calls of the future count as if they were of now.
    """
    counts = {ending: sum(one.ending is ending for one in history) for ending in Ending}
    weights = [math.pow(0.5, max(0.0, now - one.at) / _DAY / HALF_LIFE_DAYS) for one in history]
    good = sum(weight * _GOODNESS.get(one.ending, 0.0) for weight, one in zip(weights, history, strict=True))
    score = wilson_lower(good, sum(weights))
    kept = {ending: count for ending, count in counts.items() if count}
    return Trust(score, kept, _words(agent, what, kept, score))


def _words(agent: str, what: str, counts: dict[Ending, int], score: float) -> str:
    total = sum(counts.values())
    if not total:
        return f"Trust: none yet, these are the first {what} of {agent}"
    level = "high" if score >= _TRUSTED else "middling" if score >= _MIXED else "low"
    said = {
        Ending.APPROVED: "approved",
        Ending.EDITED: "approved after you edited them",
        Ending.REJECTED: "rejected",
        Ending.UNDONE: "undone",
        Ending.FAILED: "failed",
    }
    told = ", ".join(f"{count} {said[ending]}" for ending, count in counts.items())
    calls = counted(total, what.removesuffix("s"))
    return f"Trust: {level} ({score:.2f}), of {calls} of {agent}: {told}"


def why_propose(alike: Sequence[Ended], *, least: int) -> str:
    """Return why a standing rule for calls like this one is worth proposing, or an empty string.

    It is where the person has said yes to so many of them in a row and never no; one that they rejected,
    edited or undid ends it, and so does one that failed.

    Args:
        alike: What became of the calls like this one, in any order.
        least: Fewest of them.
    """
    asked = [one for one in alike if not one.automatic]
    if len(asked) < least or any(one.ending is not Ending.APPROVED for one in alike):
        return ""
    return f"You approved {len(asked)} of {len(asked)} like this"
