"""How long an approval takes from the event to its prompt on the wire, beside a bare pygls server.

    .venv/bin/python -m tests.benchmarks.approval_prompt [rounds]

The real language server as a process of its own, a scripted model, and a client that notes when each
``window/showMessageRequest`` arrives. The event is the moment that the approval carries (``asked_at``): from
there it is weighed, committed, noticed and sent. The floor, interleaved, is a bare pygls server told by
a command to send ``window/showMessageRequest`` at once, where the way from the client counts, too.

Ends with 1 if the 95th percentile is above 50 ms.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.support.bench import configure, write_files
from tests.support.lsp_client import SERVER, RawClient, started
from tests.support.model_server import When, scripted_model

BAR_SECONDS = 0.050
BARE = """
from lsprotocol import types
from pygls.lsp.server import LanguageServer
server = LanguageServer("bare", "1")
@server.command("ask")
async def ask(*_):
    actions = [types.MessageActionItem(title=one) for one in ("Apply", "Reject")]
    params = types.ShowMessageRequestParams(types.MessageType.Warning, "Apply?", actions)
    await server.window_show_message_request_async(params)
    return None
server.start_io()
"""


class Answering:
    """Answers each prompt with no, and notes when it came."""

    def __init__(self, client: RawClient) -> None:
        self.came: list[float] = []
        client.answers["window/showMessageRequest"] = self._asked

    def _asked(self, _params: Any) -> Any:
        self.came.append(time.time())
        return {"title": "Reject"}


async def bare_round(client: RawClient, person: Answering) -> float:
    """Return the seconds from the request to the prompt of a bare server."""
    begun = time.time()
    await client.command("ask")
    return person.came[-1] - begun


async def our_round(client: RawClient, person: Answering) -> tuple[float, str]:
    """Return when the prompt came, and the approval's id."""
    done = await client.command("codelab.run", {"task": "change it", "show": False})
    return person.came[-1], str(done["approvals"][0]["id"])


async def measure(root: Path, rounds: int) -> int:
    """Measure and print; return the exit code."""
    edit = {"path": "a.py", "replacements": [{"old": "end", "new": "new"}]}
    script = [When(role="user").call("edit_file", edit), When(role="tool").say("Done.")]
    ours: list[tuple[float, str]] = []
    floor: list[float] = []
    with scripted_model(script) as model:
        configure(model, "requests_per_hour = 100000\n[limits]\napprovals_per_hour = 100000\n")
        async with started(SERVER) as client, started((sys.executable, "-c", BARE)) as bare:
            person, bare_person = Answering(client), Answering(bare)
            await client.initialize(root)
            await bare.initialize(root)
            await client.command("codelab.status", {"show": False})
            for _ in range(rounds):
                ours.append(await our_round(client, person))
                floor.append(await bare_round(bare, bare_person))
            await client.exit()
            await bare.exit()
    asked = await _asked_at(root)
    waits = [came - asked[approval] for came, approval in ours]
    base, middle = statistics.median(floor), statistics.median(waits)
    worst = statistics.quantiles(waits, n=20)[-1]
    high = statistics.quantiles(floor, n=20)[-1]
    sys.stdout.write(f"bare pygls: p50 {base * 1000:.1f} ms, p95 {high * 1000:.1f} ms\n")
    sys.stdout.write(
        f"event to prompt: p50 {middle * 1000:.1f} ms, p95 {worst * 1000:.1f} ms, {middle / base:.1f} x"
        f" (bar: p95 {BAR_SECONDS * 1000:.0f} ms, {rounds} rounds)\n"
    )
    return int(worst > BAR_SECONDS)


async def _asked_at(root: Path) -> dict[str, float]:
    from codelab.config.places import find_places
    from codelab.store import approvals
    from codelab.store.state import StateDb

    async with await StateDb.open(find_places().workspace_data(root) / "state.db") as db, db.read() as rx:
        return {row.id: row.asked_at for row in await approvals.list_approvals(rx)}


def main() -> int:
    """Run the benchmark from the command line."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory(prefix="codelab-") as home:
        os.environ["CODELAB_HOME"] = home
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        root = write_files(Path(home) / "work", {"a.py": "end\n"}).resolve()
        return asyncio.run(measure(root, rounds))


if __name__ == "__main__":
    sys.exit(main())
