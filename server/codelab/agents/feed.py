"""The events of one run on their way to the faces of this process."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from codelab.core.events import AnyEvent, CommandOutput, ModelReading, Passing, Token

_MOST_OUTPUT = 64_000  # characters of a command's output that wait for one listener


class Feed:
    """Passes events to any number of listeners, each at its own pace.

    A listener that falls behind gets tokens joined into larger ones, never a growing queue of them, of a
    command's output the last part, and of how far a model has read the last word; all other events reach
    every listener, also one that came late.
    """

    def __init__(self) -> None:
        self._history: list[AnyEvent] = []
        self._listeners: set[_Listener] = set()
        self._closed = False

    def publish(self, event: AnyEvent) -> None:
        """Pass an event on; after ``close`` it is dropped."""
        if self._closed:
            return
        if not isinstance(event, Passing):
            self._history.append(event)
        for listener in self._listeners:
            listener.put(event)

    def close(self) -> None:
        """End every listener once it has read what there is."""
        self._closed = True
        for listener in self._listeners:
            listener.wake.set()

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Yield the events so far, then those to come, until the feed is closed."""
        listener = _Listener(deque(self._history))
        self._listeners.add(listener)
        try:
            while True:
                while listener.waiting:
                    yield listener.waiting.popleft()
                if self._closed:
                    return
                listener.wake.clear()
                await listener.wake.wait()
        finally:
            self._listeners.discard(listener)


class _Listener:
    def __init__(self, waiting: deque[AnyEvent]) -> None:
        self.waiting = waiting
        self.wake = asyncio.Event()

    def put(self, event: AnyEvent) -> None:
        last = self.waiting[-1] if self.waiting else None
        if isinstance(event, Token) and isinstance(last, Token):
            self.waiting[-1] = Token(run=event.run, text=last.text + event.text)
        elif isinstance(event, ModelReading) and isinstance(last, ModelReading):
            self.waiting[-1] = event
        elif isinstance(event, CommandOutput) and isinstance(last, CommandOutput) and last.call == event.call:
            text = (last.text + event.text)[-_MOST_OUTPUT:]
            self.waiting[-1] = CommandOutput(run=event.run, call=event.call, text=text)
        else:
            self.waiting.append(event)
        self.wake.set()
