"""The runs that this face drives."""

import asyncio
from collections.abc import Sequence

from codelab.agents.run import ActiveRun
from codelab.agents.services import Services
from codelab.agents.start import end_interrupted
from codelab.workbench.handle import RunHandle


class DrivenRuns:
    """Keeps the runs of a face until they have ended."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._handles: dict[str, RunHandle] = {}

    def keep(self, active: ActiveRun) -> RunHandle:
        """Take note of a run that was started or taken up, and return it as a face holds it."""
        handle = RunHandle(active)
        self._handles = {key: kept for key, kept in self._handles.items() if not kept.active.state.ended}
        self._handles[handle.run] = handle
        return handle

    async def stop(self, run: str) -> list[str]:
        """Cancel a run, or all if it is empty; return the ids of those that were cancelled.

        A run that was interrupted and is not driven by any face is ended.
        """
        driven = [h.active for h in self._handles.values() if not h.active.state.ended and run in ("", h.run)]
        await _cancel(driven)
        if run and not driven and run not in self._handles:
            await end_interrupted(self._services, run)
            return [run]
        return [active.id for active in driven]

    async def pause(self) -> None:
        """Pause all of them: the face goes away."""
        active = [handle.active for handle in self._handles.values()]
        for run in active:
            run.pausing = True
        await _cancel(active)


async def _cancel(runs: Sequence[ActiveRun]) -> None:
    drivers = [run.driver for run in runs if run.driver is not None]
    for driver in drivers:
        driver.cancel()
    await asyncio.gather(*drivers, return_exceptions=True)
