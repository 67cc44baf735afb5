"""One command in its sandbox, from the folders made for it to what it has changed."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from codelab.core.errors import StateError
from codelab.core.finishing import finish_first
from codelab.sandbox import landlock, seatbelt
from codelab.sandbox.bubblewrap import check_place, launch_arguments
from codelab.sandbox.reaching import lay_repository
from codelab.sandbox.seccomp import filter_program, memory_file
from codelab.sandbox.stage import Stage, prepared_stage, written
from codelab.sandbox.supervise import Launch, supervise
from codelab.sandbox.types import Finished, Job, Kind, Reach, Sandbox
from codelab.sandbox.unsaved import lay_unsaved


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended, and the folder that holds what it wrote, until that is removed."""

    finished: Finished
    stage: Stage


@asynccontextmanager
async def run_in_sandbox(
    sandbox: Sandbox, job: Job, folder: Path, on_output: Callable[[bytes], None]
) -> AsyncIterator[Ran]:
    """Run a command; when the block ends, what it wrote is removed.

    Args:
        sandbox: As the probe has found it.
        job: The command.
        folder: Where folders for commands may be made: private, outside of every workspace.
        on_output: Takes the output as it comes, in the event loop.

    Yields:
        How it ended. A cancel of the task that waits for it kills the command first.

    Raises:
        StateError: The sandbox could not be made; the command has not run.
        InputError: The workspace is no place for a sandbox; the command has not run.
    """
    stage_of = prepared_stage(folder, job.root)
    stage = await asyncio.to_thread(stage_of.__enter__)
    try:
        yield Ran(await _run(sandbox, job, stage, on_output), stage)
    finally:
        await finish_first(asyncio.to_thread(stage_of.__exit__, None, None, None))


async def _run(sandbox: Sandbox, job: Job, stage: Stage, on_output: Callable[[bytes], None]) -> Finished:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Finished] = loop.create_future()
    watched, cancel = os.pipe()

    def tell(data: bytes) -> None:
        loop.call_soon_threadsafe(on_output, data)

    def work() -> None:
        try:
            finished = run_here(sandbox, job, stage, tell, watched)
        except Exception as error:  # raised where it is waited for
            loop.call_soon_threadsafe(done.set_exception, error)
        else:
            loop.call_soon_threadsafe(done.set_result, finished)

    threading.Thread(target=work, name="sandbox", daemon=True).start()
    try:
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            os.close(cancel)
            cancel = -1
            await finish_first(_end_of(done))
            raise
    finally:
        os.close(watched)
        if cancel >= 0:
            os.close(cancel)


async def _end_of(done: "asyncio.Future[Finished]") -> None:
    await asyncio.wait([done])
    if not done.cancelled():
        done.exception()


def run_here(
    sandbox: Sandbox, job: Job, stage: Stage, on_output: Callable[[bytes], None], cancel_fd: int
) -> Finished:
    """Run a command in this thread, which has to live until it ends.

    Args:
        sandbox: As the probe has found it.
        job: The command.
        stage: The folders made for it.
        on_output: Takes the output as it comes, from this thread.
        cancel_fd: The command is stopped as soon as the other end of this pipe is closed.

    Raises:
        StateError: The sandbox could not be made; the command has not run.
        InputError: The workspace is no place for a sandbox; the command has not run.
    """
    with _launch(sandbox, job, stage) as launch:
        return supervise(launch, job.limits, on_output, cancel_fd)


@contextmanager
def _launch(sandbox: Sandbox, job: Job, stage: Stage) -> Iterator[Launch]:
    if job.reach is not None and sandbox.kind not in (Kind.OVERLAY, Kind.READ_ONLY):
        raise StateError("git can reach no host here", why="It needs bubblewrap", fix="See `codelab doctor`")
    if sandbox.kind is Kind.UNSANDBOXED:
        yield Launch(job.argv, job.environment, job.root / job.directory)
        return
    check_place(job.root)
    if sandbox.kind is Kind.LANDLOCK:
        arguments = landlock.launch_arguments(job, stage)
        environment = landlock.scratch_environment(job, stage)
        scratch = stage.path / "scratch"
        yield Launch(arguments, environment, job.root, written=lambda: written(scratch))
        return
    if sandbox.kind is Kind.SEATBELT:
        arguments = seatbelt.launch_arguments(sandbox.programs[seatbelt.PROGRAM], job, stage)
        environment = landlock.scratch_environment(job, stage)
        scratch = stage.path / "scratch"
        yield Launch(arguments, environment, job.root / job.directory, written=lambda: written(scratch))
        return
    if job.reach is not None:
        lay_repository(stage, job.reach)
    elif sandbox.kind is Kind.OVERLAY and job.writes:
        lay_unsaved(stage, job)
    program = filter_program()
    status, status_inside = os.pipe()
    gate_inside, gate = os.pipe()
    try:
        filter_fd = memory_file(program)
        credential = (memory_file(_credential(job.reach)),) if job.reach is not None else ()
        arguments = launch_arguments(
            sandbox,
            job,
            stage,
            filter_fd=filter_fd,
            status_fd=status_inside,
            gate_fd=gate_inside,
            credential_fd=credential[0] if credential else -1,
        )
        yield Launch(
            arguments,
            job.environment,
            stage.path,
            descriptors=(filter_fd, status_inside, gate_inside, *credential),
            status_fd=status,
            gate_fd=gate,
            written=lambda: written(stage.upper),
        )
    finally:
        os.close(status)
        os.close(gate)


def _credential(reach: Reach) -> bytes:
    return reach.credential.encode("utf-8", "surrogateescape")
