"""How long the language server takes to start, beside a bare pygls server on the same machine.

    python -m tests.benchmarks.lsp_start [--rounds 7] [--root FOLDER]

Measured from the start of the process, interleaved with the bare server, medians:

- ``initialize`` answered: at most 1.5 times the bare server's;
- first code action, and first search result on an indexed workspace: at most 2.5 times the bare server's
  ``initialize``.

Both start from modules that Python has compiled before, as they do on every start but the first.

Ends with 1 if a bar is missed.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.support.lsp_client import SERVER, started

BARE = """
from pygls.lsp.server import LanguageServer
server = LanguageServer("bare", "1")
server.start_io()
"""
QUERY = "language server initialize"
INITIALIZE_BAR, USEFUL_BAR = 1.5, 2.5


async def initialize_bare(root: Path) -> float:
    """Return the seconds until a bare pygls server has answered ``initialize``."""
    begun = time.perf_counter()
    async with started((sys.executable, "-c", BARE)) as client:
        await client.initialize(root, ready=False)
        seconds = time.perf_counter() - begun
        await client.exit()
    return seconds


async def first_results(root: Path, file: Path, text: str) -> tuple[float, float, float]:
    """Return the seconds until ``initialize``, the first code action and the first search result."""
    begun = time.perf_counter()
    async with started(SERVER) as client:
        await client.initialize(root)
        initialized = time.perf_counter() - begun
        uri = file.as_uri()
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        await client.notify("textDocument/didOpen", {"textDocument": item})
        place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
        params = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": []}}
        _, actions = await client.begin("textDocument/codeAction", params)
        search = {"command": "codelab.search", "arguments": [{"query": QUERY, "show": False}]}
        _, hits = await client.begin("workspace/executeCommand", search)
        if not await actions:
            raise SystemExit("no code action was offered")
        offered = time.perf_counter() - begun
        if not await hits:
            raise SystemExit("nothing was found")
        found = time.perf_counter() - begun
        await client.exit()
    return initialized, offered, found


async def measure(root: Path, file: Path, rounds: int) -> int:
    """Measure and print; return the exit code."""
    text = await asyncio.to_thread(file.read_text, encoding="utf-8")
    await first_results(root, file, text)  # indexes the workspace and warms the file cache
    await initialize_bare(root)
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await initialize_bare(root))
        ours.append(await first_results(root, file, text))
    base = statistics.median(bare)
    names = ("initialize", "first code action", "first search result")
    sys.stdout.write(f"bare pygls, initialize: {base * 1000:.0f} ms (median of {rounds})\n")
    missed = 0
    for name, values, bar in zip(
        names, zip(*ours, strict=True), (INITIALIZE_BAR, USEFUL_BAR, USEFUL_BAR), strict=True
    ):
        middle = statistics.median(values)
        ratio = middle / base
        missed += ratio > bar
        sys.stdout.write(f"{name}: {middle * 1000:.0f} ms, {ratio:.2f} x (bar {bar})\n")
    return 1 if missed else 0


def main() -> int:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2] / "server")
    options = parser.parse_args()
    root = options.root.resolve()
    file = next(path for path in sorted(root.rglob("*.py")) if path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="codelab-") as home:
        os.environ["CODELAB_HOME"] = home
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        return asyncio.run(measure(root, file, options.rounds))


if __name__ == "__main__":
    sys.exit(main())
