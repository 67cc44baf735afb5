"""A process that embeds with the bundled embedder; frames as in ``codelab.index.frames``.

In: a list of (text in UTF-8, places of its chunks); out: a list of (vectors, bits). It ends with its input.
"""

import os
import queue
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, cast

from codelab.index.embedding.passage_vectors import Embedded, Place, embed_contents
from codelab.index.frames import read_frame, write_frame

if TYPE_CHECKING:
    from codelab.index.embedding.passages import Content

PROCESSES = 2
_PROGRAM = "from codelab.index.embedding.embedding_process import main; main()"
_AHEAD = 2 * PROCESSES  # batches on their way at once


class EmbeddingProcesses:
    """A few such processes, started as they are needed. A context manager, which ends them."""

    def __init__(self) -> None:
        self._free: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self._children: list[subprocess.Popen[bytes]] = []
        self._threads = ThreadPoolExecutor(PROCESSES)
        self._ended = False

    def kill(self) -> None:
        """End the processes at once, from another thread, and start no more."""
        self._ended = True
        for child in list(self._children):
            child.kill()

    def __enter__(self) -> "EmbeddingProcesses":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._threads.shutdown(cancel_futures=True)
        for child in self._children:
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
            child.wait()

    def embed(self, batches: "Iterable[list[Content]]") -> "Iterator[tuple[list[Content], list[Embedded]]]":
        """Yield the batches with their vectors, in their order.

        Raises:
            OSError: A process could not be started, or has ended.
        """
        waiting: list[tuple[list[Content], Future[list[Embedded]]]] = []
        for batch in batches:
            waiting.append((batch, self._threads.submit(self._ask, batch)))
            if len(waiting) >= _AHEAD:
                first, future = waiting.pop(0)
                yield first, future.result()
        for last, future in waiting:
            yield last, future.result()

    def _ask(self, batch: "list[Content]") -> list[Embedded]:
        try:
            child = self._free.get_nowait()
        except queue.Empty:
            if self._ended:
                raise OSError("no process that embeds is started any more") from None
            # One thread each: two processes that each compute with all cores are slower than two that do not.
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            command = (sys.executable, "-P", "-c", _PROGRAM)
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # the worker's own would stay open as long as this lives
                env=environment,
            )
            self._children.append(child)
        try:
            write_frame(cast("BinaryIO", child.stdin), [(one.data, one.places) for one in batch])
            answer = read_frame(cast("BinaryIO", child.stdout))
        except EOFError as error:
            raise OSError("a process that embeds has ended") from error
        self._free.put(child)
        return [Embedded(*one) for one in cast("list[tuple[bytes, bytes]]", answer)]


def main() -> None:
    """Serve until the input ends."""
    # Nothing else is imported here: settings and all that read them would be half of the start.
    from codelab_models.embedder.bundled import load

    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but frames may reach the pipe
    embedder = load()
    while True:
        try:
            batch = cast("list[tuple[bytes, list[Place]]]", read_frame(source))
        except EOFError:
            return
        write_frame(target, [tuple(one) for one in embed_contents(embedder, batch)])


if __name__ == "__main__":
    main()
