"""Parsing processes: they may crash or hang, and it costs the file that made them."""

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple, cast

from codelab.index.analyse import Analysed
from codelab.index.parser_process import read_frame, write_frame

BATCH_BYTES = 200_000
"""Text sent to a parsing process at once: some 20 ms of work."""
BATCH_FILES = 100
_NOTHING_MORE = None


class Text(NamedTuple):
    """A text to parse: its place in the caller's list, its path (for the language), its content in UTF-8."""

    number: int
    path: str
    data: bytes


class Outcome(NamedTuple):
    """What came of a text: its rows, or in words why there are none."""

    number: int
    rows: Analysed | None
    reason: str


class ParserPool:
    """A few parsing processes, started when first needed. One thread may use it at a time.

    Args:
        processes: How many.
        file_seconds: Longest time for one batch, and for one file of a batch that failed.
        command: What to run instead of the parsing process; for tests of what crashes.
    """

    def __init__(self, processes: int = 2, file_seconds: float = 30.0, command: tuple[str, ...] = ()) -> None:
        self._wanted = max(1, processes)
        self._seconds = file_seconds
        self._command = command or (sys.executable, "-m", "codelab.index.parser_process")
        self._tasks: queue.SimpleQueue[list[Text] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[list[Outcome]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._children: list[subprocess.Popen[bytes]] = []  # each is added and removed by its own thread
        self._closing = False
        self._ended = False
        self._batch: list[Text] = []
        self._batch_bytes = 0
        self.waiting = 0  # texts given and not yet returned

    def give(self, text: Text) -> None:
        """Take a text to parse; small ones are sent together."""
        self.waiting += 1
        self._batch.append(text)
        self._batch_bytes += len(text.data)
        if self._batch_bytes >= BATCH_BYTES or len(self._batch) >= BATCH_FILES:
            self.send()

    def send(self) -> None:
        """Send what was given and not yet sent."""
        if self._batch:
            self._tasks.put(self._batch)
            self._batch, self._batch_bytes = [], 0
            if len(self._threads) < self._wanted:
                thread = threading.Thread(target=self._serve, daemon=True)
                self._threads.append(thread)
                thread.start()

    def take(self, *, wait: bool) -> list[Outcome]:
        """Return outcomes that are there, or wait for some; empty if there are none to wait for."""
        if not self.waiting:
            return []
        try:
            outcomes = self._outcomes.get(block=wait, timeout=None)
        except queue.Empty:
            return []
        self.waiting -= len(outcomes)
        return outcomes

    def drain(self) -> Iterator[list[Outcome]]:
        """Send what is left and yield all outcomes to come."""
        self.send()
        while self.waiting:
            yield self.take(wait=True)

    def close(self) -> None:
        """End the processes; texts that wait are dropped. Given more, it starts them again."""
        self._closing = True
        with suppress(queue.Empty):
            while True:
                self._tasks.get_nowait()
        if self.waiting:
            self._kill_children()
        for _ in self._threads:
            self._tasks.put(_NOTHING_MORE)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._batch, self._batch_bytes, self.waiting = [], 0, 0
        self._outcomes = queue.SimpleQueue()
        self._closing = self._ended

    def drop(self) -> None:
        """Forget texts that were given and not returned, so that they are not taken for later ones."""
        if self.waiting:
            self.close()

    def kill(self) -> None:
        """End the processes at once, from another thread; what they were at is lost, and no more is begun."""
        self._closing = self._ended = True
        self._kill_children()

    def _kill_children(self) -> None:
        for child in list(self._children):
            child.kill()

    def _serve(self) -> None:
        child: subprocess.Popen[bytes] | None = None
        while (batch := self._tasks.get()) is not None:
            child, answers = self._ask(child, batch)
            if answers is None and len(batch) > 1:
                answers = []
                for text in batch:
                    child, one = self._ask(child, [text])
                    answers += one or [Outcome(text.number, None, "its parser crashed or took too long")]
            self._outcomes.put(
                answers or [Outcome(batch[0].number, None, "its parser crashed or took too long")]
            )
        if child is not None:
            self._children.remove(child)
            _end(child)

    def _ask(
        self, child: subprocess.Popen[bytes] | None, batch: list[Text]
    ) -> tuple[subprocess.Popen[bytes] | None, list[Outcome] | None]:
        """Let a process parse a batch; None for its outcomes if the process did not survive it."""
        if child is not None and child.poll() is not None:
            self._children.remove(child)
            _end(child)
            child = None
        if child is None:
            if self._closing:
                return None, None
            child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._children.append(child)
        source, target = cast("BinaryIO", child.stdout), cast("BinaryIO", child.stdin)
        watchdog = threading.Timer(self._seconds, child.kill)
        watchdog.start()
        try:
            write_frame(target, [(text.path, text.data) for text in batch])
            answers = cast("list[tuple[object, ...] | str]", read_frame(source))
        except (OSError, EOFError, ValueError, TypeError):
            self._children.remove(child)
            _end(child)
            return None, None
        finally:
            watchdog.cancel()
        return child, [
            Outcome(text.number, None, answer)
            if isinstance(answer, str)
            else Outcome(text.number, Analysed._make(answer), "")
            for text, answer in zip(batch, answers, strict=True)
        ]


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    child.wait()
