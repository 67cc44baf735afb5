"""A great many tiny files: how long the index takes, how much memory, and what a sweep costs afterwards.

    python -m tests.benchmarks.many_files [--files 200000]

The files lie in folders of 500, each with two lines of Python that no other has. Printed are the time of a
first index and of a sweep that finds nothing changed, each beside a walk with ``stat`` over the same files,
and the peak of the memory of this process and of its parsing processes together.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.reader import IndexReader

PER_FOLDER = 500
FOUND_EVERY = 100  # of so many files one is looked for by the function in it
_SAMPLE_SECONDS = 0.05


class PeakMemory(threading.Thread):
    """Samples the resident memory of this process and its children; ``peak`` is the largest sum in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.ended = threading.Event()

    def run(self) -> None:
        """Sample until ``ended`` is set."""
        while not self.ended.wait(_SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(resident(pid) for pid in (os.getpid(), *children())))


def children() -> list[int]:
    """Return the ids of the processes that this one has started and that live."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes; 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError):
        return 0


def write_files(root: Path, files: int) -> None:
    """Write the files."""
    for number in range(files):
        folder = root / f"f{number // PER_FOLDER}"
        if number % PER_FOLDER == 0:
            folder.mkdir()
        (folder / f"m{number}.py").write_text(
            f"def name_{number}():\n    return {number}\n", encoding="ascii"
        )


def walk(root: Path) -> float:
    """Return the seconds that a walk with ``stat`` takes."""
    begun = time.perf_counter()
    waiting = [os.fspath(root)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
    return time.perf_counter() - begun


def measure(root: Path, places: Places, files: int) -> int:
    """Index the files, sweep, search, and print; return the exit code."""
    memory = PeakMemory()
    memory.start()
    with WorktreeIndexer(root, places, Settings()) as indexer:
        begun = time.perf_counter()
        status = indexer.sweep()
        indexed = time.perf_counter() - begun
        indexer.sweep()  # what was written a moment before it was read is read again once
        floors, sweeps = [], []
        for _ in range(5):
            floors.append(walk(root))
            begun = time.perf_counter()
            indexer.sweep()
            sweeps.append(time.perf_counter() - begun)
    memory.ended.set()
    memory.join()
    reader = IndexReader.open(root, places)
    begun = time.perf_counter()
    found = reader.search(f"name {files - 1}")
    searched = time.perf_counter() - begun
    lost = [n for n in range(0, files, FOUND_EVERY) if not reader.find_symbols(f"name_{n}")]
    reader.close()
    floor, sweep = sorted(floors)[2], sorted(sweeps)[2]
    sys.stdout.write(
        f"{status.files:,} files indexed in {indexed:.1f} s ({files / indexed:,.0f} files/s),"
        f" {indexed / floor:.0f} x a stat walk of {floor:.2f} s\n"
        f"a sweep without changes: {sweep:.2f} s, {sweep / floor:.2f} x the walk\n"
        f"peak memory of all processes: {memory.peak / 1e6:.0f} MB; a search: {searched * 1000:.0f} ms\n"
    )
    if lost:
        sys.stdout.write(f"{len(lost)} files were not found, the first of them m{lost[0]}.py\n")
    return 0 if status.files == files and found and not lost else 1


def main() -> int:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--files", type=int, default=200_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codelab-") as name:
        folder = Path(name)
        root = folder / "workspace"
        root.mkdir()
        write_files(root, options.files)
        places = Places(folder / "config", folder / "data", folder / "cache")
        return measure(root.resolve(), places, options.files)


if __name__ == "__main__":
    sys.exit(main())
