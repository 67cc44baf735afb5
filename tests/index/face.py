"""A face with nothing but an index: says its worker's process id once the index is fresh, then waits."""

import asyncio
import sys
from pathlib import Path

from codelab.config.places import find_places
from codelab.config.settings import Settings
from codelab.index.supervisor import IndexSupervisor


async def main() -> None:
    """Run until killed."""
    supervisor = IndexSupervisor(Path(sys.argv[1]), find_places(), Settings())
    supervisor.start()
    await supervisor.wait_fresh(60)
    sys.stdout.write(f"{supervisor.worker_pid}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


asyncio.run(main())
