"""How fast a tree becomes searchable, as ratios to what it cannot be faster than, all measured in one run.

    python tests/benchmarks/index_speed.py TREE ... [--endings .py] [--repetitions 5] [--ctags] [--vectors]

- index: from nothing to searchable symbols and words, against parsing the same files with bare tree-sitter in
  one process
- vectors: from nothing to symbols, words and the vectors of the bundled embedder, against the same
- ctags: searchable symbols and words against ``ctags -R``, which indexes no text (Universal Ctags)
- cpu: the time on the processor of all processes together, against the same parsing
- memory: the most that all processes held at once
- disk: the index against the text, with the vectors where they are measured
- rescan: nothing changed, against ``stat`` of every file
- search: 200 queries made of the trees' own symbols

Only files with the given endings are measured; they are copied to a folder of their own.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tree_sitter import Parser

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.reader import IndexReader
from codelab.store import sqlite
from codelab_grammars import language_of, load

_SAMPLE_SECONDS = 0.02
INDEX = """
import json, os, pathlib, sys, time
from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.embedding.background import embed_worktree
from codelab.index.building.build import WorktreeIndexer
root, home = map(pathlib.Path, sys.argv[1:3])
places = Places(home, home, home)
began, before = time.perf_counter(), sum(os.times()[:4])
with WorktreeIndexer(root, places, Settings()) as indexer:
    status = indexer.sweep()
    seconds = time.perf_counter() - began
    if len(sys.argv) > 3:
        embed_worktree(indexer.repository.root, indexer.folder, places, Settings())
    complete = time.perf_counter() - began
used = os.times()
print(json.dumps([seconds, complete, sum(used[:4]) - before, status.files, status.chunks, status.symbols]))
"""


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def show(name: str, measured: list[float], floor: list[float], of: str) -> None:
    """Print medians in milliseconds and their ratio."""
    ours, least = statistics.median(measured), statistics.median(floor)
    say(f"{name:8}{ours * 1000:10.1f} ms   {of} {least * 1000:10.1f} ms   ratio {ours / least:6.2f}")


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def copy_files(trees: list[Path], endings: tuple[str, ...], target: Path) -> list[Path]:
    """Copy what is measured to a folder of its own, and return the copies."""
    copies = []
    for tree in trees:
        for path in sorted(tree.rglob("*")):
            if path.name.endswith(endings) and path.is_file() and not path.is_symlink():
                copy = target / tree.name / path.relative_to(tree)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
                copies.append(copy)
    return copies


def read_texts(files: list[Path]) -> dict[str, list[bytes]]:
    """Return the files' contents by language."""
    texts: dict[str, list[bytes]] = defaultdict(list)
    for path in files:
        data = path.read_bytes()
        if language := language_of(path.name, data):
            texts[language].append(data)
    return texts


def parse_bare(texts: dict[str, list[bytes]]) -> None:
    """Parse with nothing but the grammars."""
    for language, contents in texts.items():
        parser = Parser(load(language).language)
        for content in contents:
            parser.parse(content)


class Indexed(NamedTuple):
    """What indexing a tree took.

    Attributes:
        searchable: Seconds until it could be searched.
        complete: Seconds until its vectors were there as well, where they are made.
        processor: Seconds on the processor of all processes until then.
        memory: The most bytes that all processes held at once; 0 where the system does not tell.
        disk: Bytes of the index.
        figures: The numbers of files, chunks and symbols.
    """

    searchable: float
    complete: float
    processor: float
    memory: int
    disk: int
    figures: list[int]


def index(tree: Path, *, vectors: bool) -> Indexed:
    """Index a tree in a process of its own, which may keep what it compiles, as installed programs do."""
    with tempfile.TemporaryDirectory() as home:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-c", INDEX, tree, home, *(["vectors"] if vectors else [])]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        most = 0
        while process.poll() is None:
            most = max(most, sum(map(held, family(process.pid))))
            time.sleep(_SAMPLE_SECONDS)
        assert process.stdout is not None
        searchable, complete, processor, *figures = json.loads(process.stdout.read())
        process.stdout.close()
        disk = sum(path.stat().st_size for path in Path(home).rglob("index.db*"))
        return Indexed(searchable, complete, processor, most, disk, figures)


def family(pid: int) -> list[int]:
    """Return a process and its children, where the system has ``/proc``.

    A child that has not begun its own program yet is left out: until then its memory is its parent's.
    """
    children = ""
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            children += Path(f"/proc/{pid}/task/{task}/children").read_text()
    own = program(pid)
    return [pid, *(child for child in map(int, children.split()) if program(child) != own)]


def program(pid: int) -> bytes:
    """Return the arguments that a process was started with, as ``/proc`` has them."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def held(pid: int) -> int:
    """Return the memory of a process in bytes; what it shares with others counts for each of them."""
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def run_ctags(tree: Path) -> None:
    """Let ctags write its tags of a tree."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["ctags", "-R", "-f", f"{folder}/tags", tree], check=True)


def stat_all(root: Path) -> None:
    """Ask for the status of every file."""
    for folder, _, names in os.walk(root):
        for name in names:
            os.stat(f"{folder}/{name}")


def measure_index(tree: Path, files: list[Path], repetitions: int, *, ctags: bool, vectors: bool) -> None:
    """Measure indexing; ours and what it is compared with take turns."""
    texts, size = read_texts(files), sum(path.stat().st_size for path in files)
    bare: list[float] = []
    tagged: list[float] = []
    found: list[Indexed] = []
    for _ in range(repetitions):
        bare.append(seconds(lambda: parse_bare(texts)))
        if ctags:
            tagged.append(seconds(lambda: run_ctags(tree)))
        found.append(index(tree, vectors=vectors))
    show("index", [one.searchable for one in found], bare, "bare parse")
    if vectors:
        show("vectors", [one.complete for one in found], bare, "bare parse")
    if ctags:
        show("", [one.searchable for one in found], tagged, "ctags     ")
    show("cpu", [one.processor for one in found], bare, "bare parse")
    memory, disk = max(one.memory for one in found), max(one.disk for one in found)
    say(f"memory  {memory / 1e6:10.1f} MB   files, chunks, symbols {found[-1].figures}")
    say(f"disk    {disk / 1e6:10.1f} MB   text       {size / 1e6:10.1f} MB   ratio {disk / size:6.2f}")


def measure_rest(tree: Path, repetitions: int) -> None:
    """Measure what an index that is there costs and gives."""
    with tempfile.TemporaryDirectory() as home:
        places = Places(Path(home), Path(home), Path(home))
        with WorktreeIndexer(tree, places, Settings()) as indexer:
            indexer.sweep()
            indexer.clean()
            rescanned, stated = [], []
            for _ in range(3 * repetitions):
                stated.append(seconds(lambda: stat_all(tree)))
                rescanned.append(seconds(lambda: indexer.sweep(announce=False)))
        show("rescan", rescanned, stated, "stat walk ")
        reader = IndexReader.open(tree, places)
        names = names_in(places)
        queries = random.Random(1).sample(names, min(200, len(names)))
        times = sorted(seconds(lambda query=query: reader.search(query)) for query in queries)  # type: ignore[misc]
        reader.close()
        at = len(times)
        say(f"search  p50 {times[at // 2] * 1000:.1f} ms   p95 {times[at * 95 // 100] * 1000:.1f} ms")


def names_in(places: Places) -> list[str]:
    """Return the words of symbols of the indexed tree."""
    (path,) = (places.cache / "repositories").glob("*/index.db")
    connection = sqlite.connect(path, read_only=True)
    rows = connection.execute("SELECT DISTINCT qualified FROM definition ORDER BY qualified").fetchall()
    connection.close()
    return [row[0].replace(".", " ").replace("_", " ") for row in rows]


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("trees", type=Path, nargs="+", metavar="TREE", help="folders of sources")
    parser.add_argument("--endings", nargs="+", default=[".py"], help="of the files that are measured")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--ctags", action="store_true", help="compare with ctags as well")
    parser.add_argument(
        "--vectors", action="store_true", help="measure until the vectors are complete as well"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve() / "tree"
        files = copy_files([one.resolve() for one in options.trees], tuple(options.endings), tree)
        size = sum(path.stat().st_size for path in files)
        say(f"{len(files)} files, {size / 1e6:.1f} MB")
        measure_index(tree, files, options.repetitions, ctags=options.ctags, vectors=options.vectors)
        measure_rest(tree, options.repetitions)


if __name__ == "__main__":
    main()
