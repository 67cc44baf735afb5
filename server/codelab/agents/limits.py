"""What bounds a run. At a limit the tools are narrowed to finishing; the run still answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from codelab.config.settings import RunSettings

MOST_REJECTIONS = 2  # a refused change may be tried another way once
MOST_CALLS = 20  # in one message of the model; what it asks for beyond is left out
MOST_RESULT_CHARACTERS = 100_000  # of one call; more would fill the conversation
MOST_UNCLEAR = 3  # answers in a row: whoever errs a third time after two precise errors errs a fourth time
MOST_REPEATS = 2  # the same call made a third time in a row breaks off the tool


@dataclass(slots=True)
class Limits:
    """What one run has used of its limits; time spent waiting for the person does not count.

    Attributes:
        settings: The limits.
        unclear: Answers in a row in which no call could be understood.
        clock: Seconds that only grow, for tests to hold in their hands.
    """

    settings: RunSettings
    clock: Callable[[], float] = monotonic
    iterations: int = 0
    searches: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    rejections: int = 0
    unclear: int = 0
    waited: float = 0.0
    started: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def seconds(self) -> float:
        """Return the seconds worked."""
        return self.clock() - self.started - self.waited

    def finishing(self) -> str:
        """Return the name of a reached limit that leaves no tool, or an empty string.

        The last iteration is kept for the answer.
        """
        reached = {
            "iterations": self.iterations >= self.settings.iterations - 1,
            "tokens": self.tokens >= self.settings.tokens,
            "cost": self.settings.cost_usd > 0 and self.cost_usd >= self.settings.cost_usd,
            "time": self.seconds() >= self.settings.seconds,
            "unclear calls": self.unclear >= MOST_UNCLEAR,
        }
        return next((name for name, hit in reached.items() if hit), "")

    def withheld(self) -> dict[str, str]:
        """Return the tools that are no longer offered, each with the limit that took it away."""
        taken: dict[str, str] = {}
        if self.searches >= self.settings.searches:
            taken["search_code"] = "searches"
        if self.rejections >= MOST_REJECTIONS:
            taken.update(dict.fromkeys(("edit_file", "run_command", "run_tests"), "rejections"))
        return taken
