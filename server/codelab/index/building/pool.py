"""Parsing processes: they may crash or hang, and it costs the file that made them."""

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple, cast

from codelab.index.frames import read_frame, write_frame
from codelab.index.parsing.analyse import Analysed

BATCH_BYTES = 200_000
"""Text sent to a parsing process at once: some 20 ms of work."""
BATCH_FILES = 100
_NOTHING_MORE = None
_RENEW: list["Text"] = []  # in place of a batch
# Not with -m, whose machinery is a tenth of the start.
_PROGRAM = "from codelab.index.building.parser_process import main; main()"
_LEAVING_SECONDS = 1.0  # how long a process that has closed its output may take to end
_TOO_LONG = "parsing it took too long"


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
        file_seconds: Longest time for one batch, and for one file of a batch that failed, on the clock: the
            parsing process bounds the time on the processor, so that a busy machine costs no file.
        command: What to run instead of the parsing process; for tests of what crashes.
        calm_seconds: How long nothing must come before a process that was let go has a successor, so that its
            start takes no time from anybody.
    """

    def __init__(
        self,
        processes: int = 2,
        file_seconds: float = 120.0,
        command: tuple[str, ...] = (),
        calm_seconds: float = 2.0,
    ) -> None:
        self._wanted = max(1, processes)
        self._seconds, self._calm_seconds = file_seconds, calm_seconds
        self._command = command or (sys.executable, "-P", "-c", _PROGRAM)
        self._tasks: queue.SimpleQueue[list[Text] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[list[Outcome]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._children: list[subprocess.Popen[bytes]] = []  # each is added and removed by its own thread
        self._closing = False
        self._ended = False
        self._batch: list[Text] = []
        self._batch_bytes = 0
        self.waiting = 0  # texts given and not yet returned

    def start(self) -> None:
        """Start one more process, up to all of them; called early, it is there when the first text comes."""
        if len(self._threads) < self._wanted:
            thread = threading.Thread(target=self._serve, daemon=True)
            self._threads.append(thread)
            thread.start()

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
            self.start()

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

    def renew(self) -> None:
        """Let the processes go, for fresh ones in a while: after much work they hold memory for nothing."""
        for _ in self._threads:
            self._tasks.put(_RENEW)

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
        child = self._start_child()
        while True:
            try:
                batch = self._tasks.get(timeout=self._calm_seconds if child is None else None)
            except queue.Empty:
                child = self._start_child()
                continue
            if batch is _NOTHING_MORE:
                break
            if not batch:
                self._let_go(child)
                child = None
                continue
            child, answers = self._ask(child, batch)
            if isinstance(answers, str) and len(batch) > 1:
                outcomes: list[Outcome] = []
                for text in batch:
                    child, one = self._ask(child, [text])
                    outcomes += [Outcome(text.number, None, one)] if isinstance(one, str) else one
            else:
                outcomes = [Outcome(batch[0].number, None, answers)] if isinstance(answers, str) else answers
            self._outcomes.put(outcomes)
        self._let_go(child)

    def _let_go(self, child: subprocess.Popen[bytes] | None) -> None:
        if child is not None:
            self._children.remove(child)
            _end(child)

    def _start_child(self) -> subprocess.Popen[bytes] | None:
        if self._closing:
            return None
        child = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the worker's own would stay open as long as this lives
        )
        self._children.append(child)
        return child

    def _ask(
        self, child: subprocess.Popen[bytes] | None, batch: list[Text]
    ) -> tuple[subprocess.Popen[bytes] | None, list[Outcome] | str]:
        """Let a process parse a batch; if it does not survive that, say why in place of the outcomes."""
        if child is not None and child.poll() is not None:
            self._let_go(child)
            child = None
        served = child is not None
        child = child or self._start_child()
        if child is None:
            return None, "parsing was stopped"
        source, target = cast("BinaryIO", child.stdout), cast("BinaryIO", child.stdin)
        overran = threading.Event()

        def end() -> None:
            overran.set()
            child.kill()

        watchdog = threading.Timer(self._seconds, end)
        watchdog.start()
        try:
            write_frame(target, [(text.path, text.data) for text in batch])
            answers = cast("list[tuple[object, ...] | str]", read_frame(source))
        except (OSError, EOFError, ValueError, TypeError):
            self._children.remove(child)
            with suppress(subprocess.TimeoutExpired):
                child.wait(_LEAVING_SECONDS)
            _end(child)
            if served and child.returncode == 0:  # it had grown, and left between two batches
                return self._ask(None, batch)
            return None, _TOO_LONG if overran.is_set() else _reason(child.returncode)
        finally:
            watchdog.cancel()
        return child, [
            Outcome(text.number, None, answer)
            if isinstance(answer, str)
            else Outcome(text.number, Analysed._make(answer), "")
            for text, answer in zip(batch, answers, strict=True)
        ]


def _reason(code: int) -> str:
    """Say in words why a parsing process ended."""
    if code == -signal.SIGABRT:
        return "its parser gave up, most likely for want of memory"
    if code == -signal.SIGSEGV:  # some grammars do not look whether they were given the memory they asked for
        return "its parser crashed, or took more memory than it may"
    return _TOO_LONG if code == -getattr(signal, "SIGPROF", 0) else "its parser crashed"


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    child.wait()
