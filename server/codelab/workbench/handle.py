"""A run as a face holds it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from codelab.agents.run import ActiveRun
from codelab.core.events import AnyEvent
from codelab.workbench.results import result_of
from codelab.workbench.types import RunResult


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A run that was started or taken up by this face."""

    active: ActiveRun

    @property
    def run(self) -> str:
        """The run's id."""
        return self.active.id

    @property
    def session(self) -> str:
        """The session it belongs to."""
        return self.active.session

    def events(self) -> AsyncIterator[AnyEvent]:
        """Yield the run's events from its start until it ends or pauses; several may listen."""
        return self.active.feed.events()

    async def result(self) -> RunResult:
        """Wait until the run ends or pauses; never raises for a run that failed."""
        if self.active.driver is not None:
            await asyncio.wait({self.active.driver})
        return await result_of(self.active)
