"""A face in a process of its own that runs the coder and is killed at its nth stored event.

    python -m tests.support.run_until_killed ROOT N [RUN]

With N = 0 it lives, and prints the kinds of all stored events, one per line. With RUN it takes up that run.
Every approval is answered with yes.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from codelab.core.events import Token
from codelab.workbench.types import Verdict
from tests.support.bench import Person, bench_on


async def main(root: Path, fatal: int, run: str) -> None:
    """Run until the nth event, or to the end."""
    async with bench_on(root) as bench:
        bench.attach(prompter=Person(bench, *[Verdict.APPROVED] * 9))
        handle = await bench.resume(run) if run else await bench.act("check the amount")
        count = 0
        async for event in handle.events():
            if isinstance(event, Token):
                continue  # how many there are depends on how fast this listens
            count += 1
            sys.stdout.write(f"{type(event).__name__}\n")
            sys.stdout.flush()
            if count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        await handle.result()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))
