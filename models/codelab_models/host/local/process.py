"""One child process with a model in it, spoken to over its pipes."""

import asyncio
import itertools
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure, one_line

LINE_BYTES = 64_000_000
CANCEL_SECONDS = 20.0
"""A child that has not stopped so long after it was told to is killed."""

_ENVIRONMENT = {
    "GGML_NO_BACKTRACE": "1",  # which llama.cpp asks a debugger for when it fails
    # OpenMP's threads wait for each other in a loop. Where another program has one of the cores, that loop
    # takes twenty times as long as the work; with this bound they sleep instead.
    "GOMP_SPINCOUNT": "1000",
}
_LAST_WORDS = 2_000
_LAST = ("done", "cancelled", "error")
_ENDED: dict[str, Any] = {}


class LocalProcess:
    """A loaded model. Requests go to it one at a time: hold ``turn`` while you ask.

    Args:
        name: What a person calls the model.
        process: The child.

    Attributes:
        turn: Whose turn it is; callers get it in the order in which they came.
        name: What a person calls the model.
        facts: What the child said of the model once it was loaded.
        used: When it was used last, as a count.
    """

    def __init__(self, name: str, process: Process) -> None:
        self.turn = asyncio.Lock()
        self.name = name
        self.facts: dict[str, Any] = {}
        self.used = 0
        self._process = process
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._aside: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._last_words = ""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._overhear())]

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether there is no use in asking it any more."""
        return self._tasks[0].done()

    async def ask(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Send a request and yield its events, ``done`` last; closing stops the child's work.

        Raises:
            ModelError: The child says that it cannot, or has ended.
        """
        number = next(self._numbers)
        self._send({"id": number, **request})
        over = False
        try:
            while not over:
                event = await self._events.get()
                over = event is _ENDED or any(name in event for name in _LAST)
                if event is _ENDED:
                    raise self._broken_off(await self._process.wait())
                if error := event.get("error"):
                    raise failure_from(error)
                yield event
        finally:
            if not over:
                await self._stop(number)

    async def ask_aside(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the one event of a request that the child answers beside its work; nobody's turn is needed.

        Raises:
            ModelError: The child says that it cannot, or has ended.
        """
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._aside[number] = answer
        if self.ended:
            answer.set_result(_ENDED)
        else:
            self._send({"id": number, **request})
        event = await answer
        if event is _ENDED:
            raise self._broken_off(await self._process.wait())
        if error := event.get("error"):
            raise failure_from(error)
        return event

    async def kill(self) -> None:
        """End the child, whatever it does, and wait until it is gone."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def loaded(self) -> None:
        """Wait until the model is loaded.

        Raises:
            ModelError: It cannot be.
        """
        event = await self._events.get()
        if event is _ENDED:
            raise self._broken_off(await self._process.wait(), "while it was loaded")
        if error := event.get("failed"):
            await self._process.wait()
            raise failure_from(error)
        self.facts = event["loaded"]

    def _send(self, message: dict[str, Any]) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _stop(self, number: int) -> None:
        """Tell the child to stop a request, and wait until it has."""
        try:
            self._send({"cancel": number})
            async with asyncio.timeout(CANCEL_SECONDS):
                while (event := await self._events.get()) is not _ENDED:
                    if any(name in event for name in _LAST):
                        return
        except BaseException:  # whoever asks next must not get the rest of this answer
            with suppress(ProcessLookupError):
                self._process.kill()
            raise

    async def _listen(self) -> None:
        out = self._process.stdout
        try:
            while out is not None and (line := await out.readline()):
                self._take(json.loads(line))
        except ValueError:  # a line longer than allowed, or no JSON
            with suppress(ProcessLookupError):
                self._process.kill()
        finally:
            self._events.put_nowait(_ENDED)
            for number in list(self._aside):
                self._take({"id": number}, _ENDED)

    def _take(self, event: dict[str, Any], said: dict[str, Any] | None = None) -> None:
        answer = self._aside.pop(event.get("id", 0), None)
        if answer is None:
            self._events.put_nowait(event)
        elif not answer.done():  # else nobody waits for it any more
            answer.set_result(event if said is None else said)

    async def _overhear(self) -> None:
        err = self._process.stderr
        while err is not None and (data := await err.read(4096)):
            self._last_words = (self._last_words + data.decode("utf-8", "replace"))[-_LAST_WORDS:]

    def _broken_off(self, code: int, when: str = "") -> ModelError:
        name = signal.Signals(-code).name if code < 0 else f"code {code}"
        said = [line for line in self._last_words.splitlines() if line.strip()]
        why = f"Its process ended with {name}{f' {when}' if when else ''}"
        if code == -getattr(signal, "SIGKILL", 9):
            why += "; something killed it, perhaps the system because memory ran out"
        elif said:
            why += f": {one_line(said[-1])}"
        fix = "Ask again: it is loaded anew; if it stays so, choose a smaller or another file"
        return failure(FailureKind.CUT, f"The local model {self.name} broke down", why=why, fix=fix)


async def start_process(name: str, spec: dict[str, Any]) -> LocalProcess:
    """Start a child and load a model into it.

    Args:
        name: What a person calls the model.
        spec: What is loaded, see ``child.engine.Engine``.

    Raises:
        ModelError: It cannot be started or the model not loaded.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "codelab_models.host.local.child", json.dumps(spec)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=LINE_BYTES,
            env={**os.environ, **_ENVIRONMENT},
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise failure(FailureKind.SERVER, "No process for a local model can be started", why=why) from error
    started = LocalProcess(name, process)
    try:
        await started.loaded()
    except BaseException:
        await started.kill()
        raise
    return started


def failure_from(told: dict[str, str]) -> ModelError:
    """Return the failure that the child told."""
    return failure(FailureKind(told["kind"]), told["what"], why=told["why"], fix=told["fix"])
