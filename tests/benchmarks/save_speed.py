"""How soon a saved file can be searched, through the worker and its watcher.

    python tests/benchmarks/save_speed.py TREE [--saves 200] [--endings .py]

Random files of a copy of the tree are saved, each with a new definition. Timed is from the end of the write
until a face finds the new symbol; the floor is the event of the same save, from a second watcher that does
nothing else.
"""

import argparse
import json
import queue
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from watchfiles import watch

from codelab.config.places import Places
from codelab.index.reader import IndexReader
from tests.benchmarks.index_speed import copy_files, say

_POLL_SECONDS = 0.001
_PATIENCE_SECONDS = 60.0


def await_symbol(reader: IndexReader, name: str) -> float:
    """Wait until a symbol is found, and return when."""
    until = time.perf_counter() + _PATIENCE_SECONDS
    while not reader.find_symbols(name):
        if time.perf_counter() > until:
            raise TimeoutError(name)
        time.sleep(_POLL_SECONDS)
    return time.perf_counter()


def watch_all(root: Path, stop: threading.Event, seen: "queue.SimpleQueue[float]") -> None:
    """Note when changes are seen."""
    for _ in watch(root, watch_filter=None, debounce=10, step=1, stop_event=stop, raise_interrupt=False):
        seen.put(time.perf_counter())


def measure(tree: Path, files: list[Path], saves: int, places: Places) -> tuple[list[float], list[float]]:
    """Save files one after the other.

    Returns:
        Seconds until each could be searched, and until its event was seen.
    """
    reader = IndexReader.open(tree, places)
    seen: queue.SimpleQueue[float] = queue.SimpleQueue()
    stop = threading.Event()
    watcher = threading.Thread(target=watch_all, args=(tree, stop, seen), daemon=True)
    watcher.start()
    chosen = random.Random(1)
    searchable, events = [], []
    (files[0].parent / "first.py").write_text("def saved_first(): pass\n")
    await_symbol(reader, "saved_first")  # from here on the worker watches
    for number in range(saves):
        time.sleep(chosen.uniform(0.05, 0.3))
        while not seen.empty():
            seen.get()
        with chosen.choice(files).open("a", encoding="utf-8") as file:
            file.write(f"\n\ndef saved_{number}():\n    return {number}\n")
        began = time.perf_counter()
        searchable.append(await_symbol(reader, f"saved_{number}") - began)
        events.append(seen.get(timeout=_PATIENCE_SECONDS) - began)
    stop.set()
    watcher.join()
    reader.close()
    return searchable, events


def show(name: str, measured: list[float]) -> None:
    """Print the median and the 95th percentile."""
    ordered = sorted(measured)
    last = ordered[len(ordered) * 95 // 100]
    say(f"{name:12} p50 {statistics.median(ordered) * 1000:7.1f} ms   p95 {last * 1000:7.1f} ms")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--saves", type=int, default=200)
    parser.add_argument("--endings", nargs="+", default=[".py"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree, home = Path(folder).resolve() / "tree", Path(folder) / "home"
        files = copy_files([options.tree.resolve()], tuple(options.endings), tree)
        folders = dict.fromkeys(("config", "data", "cache"), str(home))
        command = [sys.executable, "-m", "codelab.index.building.worker", "--root", str(tree)]
        worker = subprocess.Popen([*command, "--places", json.dumps(folders)], stdin=subprocess.PIPE)
        try:
            searchable, events = measure(tree, files, options.saves, Places(home, home, home))
        finally:
            worker.communicate()
    show("searchable", searchable)
    show("event alone", events)
    ratio = statistics.median(searchable) / statistics.median(events)
    say(f"ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
