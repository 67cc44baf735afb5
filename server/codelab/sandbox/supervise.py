"""Starting a command, reading what it says, watching what it uses, and ending it with all it started.

One thread does all this for one command: it starts it, so that the sandbox, which dies with the thread that
made it, lives exactly as long as somebody watches.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codelab.core.errors import StateError
from codelab.core.wording import cause_of
from codelab.sandbox.kept_output import KeptOutput
from codelab.sandbox.tree import tree_use
from codelab.sandbox.types import Finished, Limits, Usage

_TICK_SECONDS = 0.1  # between two looks at what the command uses
_DISK_TICKS = 5  # a look at the disk takes longer
_READ_BYTES = 65_536
_START_SECONDS = 20.0  # for the sandbox to stand, also on a busy machine
_END_SECONDS = 10.0  # for the output of what has ended to end
_MOST_WHY = 2_000  # characters of what the sandbox says about its failure


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start, and by which means it is watched.

    Attributes:
        argv: The arguments of the process to start, the sandbox's own first.
        environment: Its environment.
        directory: Where it starts.
        descriptors: Those that it inherits besides its outputs.
        status_fd: Where it tells the id of the first process inside; -1 where the command is its own.
        gate_fd: Where it waits for a byte before the command begins; -1 where it does not.
        written: Tells the bytes and the files written so far.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    descriptors: tuple[int, ...] = ()
    status_fd: int = -1
    gate_fd: int = -1
    written: Callable[[], tuple[int, int]] = lambda: (0, 0)


def supervise(launch: Launch, limits: Limits, on_output: Callable[[bytes], None], cancel_fd: int) -> Finished:
    """Run a command to its end, or to a limit, or until it is cancelled; nothing of it is left then.

    Args:
        launch: The command in its sandbox; its descriptors are closed here.
        limits: What it may use.
        on_output: Takes its output as it comes, from this thread.
        cancel_fd: The command is stopped as soon as the other end of this pipe is closed.

    Raises:
        StateError: The sandbox could not be made; the command has not run.
    """
    output, writing = os.pipe()
    try:
        process = _start(launch, writing)
        watch = _Watch(process, launch, limits, on_output)
        try:
            watch.follow(output, cancel_fd)
        finally:
            code, cpu_seconds = _reap(process, watch.reaped)
    finally:
        os.close(output)
    if launch.status_fd >= 0 and not watch.inside:
        raise _not_made(watch.kept.text().strip() or f"it ended with status {code}")
    disk = max(watch.disk, launch.written()[0])
    seconds = time.monotonic() - watch.began
    usage = Usage(seconds, cpu_seconds, watch.peak_memory, watch.peak_processes, disk)
    return Finished(code, watch.stopped, watch.kept.text(), usage)


def _start(launch: Launch, writing: int) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            launch.argv,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            env=dict(launch.environment),
            cwd=launch.directory,
            pass_fds=launch.descriptors,
            start_new_session=True,
        )
    except OSError as error:
        raise _not_made(cause_of(error)) from error
    finally:
        os.close(writing)
        for descriptor in launch.descriptors:
            os.close(descriptor)


def _not_made(why: str) -> StateError:
    what = "The command was not run: its sandbox could not be made"
    return StateError(what, why=why[-_MOST_WHY:], fix="See `codelab doctor`")


_Reaped = tuple[int, int, Any]  # what wait4 returns


def _reap(process: "subprocess.Popen[bytes]", reaped: _Reaped | None) -> tuple[int, float]:
    """Wait for the launcher's end; return its exit status and the processor time of all below it."""
    _, status, usage = reaped or os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    return (128 - code if code < 0 else code), usage.ru_utime + usage.ru_stime


class _Watch:
    """One command while it runs: what it said, what it used at the peak, why it was stopped."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        launch: Launch,
        limits: Limits,
        on_output: Callable[[bytes], None],
    ) -> None:
        self.kept = KeptOutput(limits.output)
        self.stopped = ""
        self.inside = 0  # the first process of the namespace, as seen from outside
        self.reaped: _Reaped | None = None  # where only waiting for it tells that it has ended
        self.began = time.monotonic()
        self.peak_memory = self.peak_processes = self.disk = 0
        self._process = process
        self._launch = launch
        self._limits = limits
        self._on_output = on_output
        self._handle = -1  # of the first process inside, so that its number cannot come to mean another
        self._told = b""
        self._ended_at = 0.0
        self._ticks = 0

    def follow(self, output: int, cancel_fd: int) -> None:
        """Pass on the output, look at what is used, stop the command at its limits; return at its end."""
        ending = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else -1
        with selectors.DefaultSelector() as selector:
            for fd, take in (
                (output, self._take_output),
                (cancel_fd, self._cancel),
                (self._launch.status_fd, self._take_status),
                (ending, self._take_end),
            ):
                if fd >= 0:
                    selector.register(fd, selectors.EVENT_READ, take)
            try:
                self._turn(selector, output)
            except BaseException:
                self._kill()
                raise
            finally:
                for fd in (ending, self._handle):
                    if fd >= 0:
                        os.close(fd)

    def _turn(self, selector: selectors.BaseSelector, output: int) -> None:
        looked = 0.0
        while output in selector.get_map() or not self._ended_at:
            for key, _ in selector.select(_TICK_SECONDS):
                if not key.data(key.fd):
                    selector.unregister(key.fd)
            now = time.monotonic()
            if now - looked >= _TICK_SECONDS:
                looked = now
                self._look(now)
            if self._ended_at and self._launch.status_fd < 0:
                self._kill()  # without a namespace, what it left behind may hold the output open
            if self._ended_at and now - self._ended_at > _END_SECONDS:
                return
            if self.stopped and (self._handle >= 0 or now - self.began > _START_SECONDS or self._is_plain):
                self._kill()

    @property
    def _is_plain(self) -> bool:
        return self._launch.status_fd < 0

    def _take_output(self, fd: int) -> bool:
        data = os.read(fd, _READ_BYTES)
        if data and self.kept.add(data):
            self._on_output(data)
        elif data:
            self._stop("output")
        return bool(data)

    def _take_status(self, fd: int) -> bool:
        """Keep a handle of the first process inside, then let the command begin."""
        data = os.read(fd, _READ_BYTES)
        self._told += data
        line, ended, _ = self._told.partition(b"\n")
        if ended and not self.inside:
            self.inside = int(json.loads(line)["child-pid"])
            self._handle = os.pidfd_open(self.inside)
            self.began = time.monotonic()
            if not self.stopped:
                os.write(self._launch.gate_fd, b"\0")
        return bool(data)

    def _take_end(self, fd: int) -> bool:
        self._ended_at = time.monotonic()
        return False

    def _cancel(self, fd: int) -> bool:
        self._stop("cancel")
        return False

    def _stop(self, why: str) -> None:
        self.stopped = self.stopped or why

    def _look(self, now: float) -> None:
        """Compare what is used with the limits."""
        limits = self._limits
        self._ticks += 1
        use = tree_use(self.inside or self._process.pid, over=limits.memory)
        self.peak_memory = max(self.peak_memory, use.memory)
        self.peak_processes = max(self.peak_processes, use.processes)
        if now - self.began > limits.seconds:
            self._stop("time")
        if use.memory > limits.memory:
            self._stop("memory")
        if use.processes > limits.processes:
            self._stop("processes")
        if self._ticks % _DISK_TICKS == 0:
            size, count = self._launch.written()
            self.disk = max(self.disk, size)
            if size > limits.disk or count > limits.files:
                self._stop("disk")
        if not hasattr(os, "pidfd_open") and not self._ended_at:
            reaped = os.wait4(self._process.pid, os.WNOHANG)
            if reaped[0]:
                self.reaped, self._ended_at = reaped, now

    def _kill(self) -> None:
        """Kill the namespace, which leaves no survivor; where there is none, the process group."""
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
