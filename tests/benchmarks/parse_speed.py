"""Compare ``parse`` with bare tree-sitter parsing of the same files.

Usage: python tests/benchmarks/parse_speed.py FOLDER [ROUNDS]

One process; the two are timed in turn ROUNDS times (5), and the median of each is printed with their ratio,
for each language and for all.
"""

import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from time import perf_counter

from tree_sitter import Parser

from codelab.index.parsing.parse import parse
from codelab_grammars import language_of, load

Files = list[tuple[str, bytes]]


def read_files(root: Path) -> dict[str, Files]:
    """Return the files of each language below a folder."""
    found: dict[str, Files] = defaultdict(list)
    for path in sorted(root.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            language = language_of(path.name, data[:8192])
            if language is not None and b"\0" not in data:
                found[language].append((path.name, data))
    return dict(found)


def time_bare(language: str, files: Files) -> float:
    """Return the seconds that tree-sitter alone takes."""
    parser = Parser(load(language).language)
    start = perf_counter()
    for _, data in files:
        parser.parse(data)
    return perf_counter() - start


def time_parse(files: Files) -> float:
    """Return the seconds that ``parse`` takes."""
    start = perf_counter()
    for path, data in files:
        parse(path, data)
    return perf_counter() - start


def main(arguments: list[str]) -> int:
    """Print one line per language and one for all."""
    if not arguments:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    rounds = int(arguments[1]) if len(arguments) > 1 else 5
    total_bare = total_parse = 0.0
    write = sys.stdout.write
    write(f"{'language':<12}{'files':>7}{'MB':>8}{'bare s':>9}{'parse s':>9}{'ratio':>7}\n")
    for language, files in sorted(read_files(Path(arguments[0])).items()):
        load(language)
        pairs = [(time_bare(language, files), time_parse(files)) for _ in range(rounds)]
        bare, full = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
        total_bare += bare
        total_parse += full
        size = sum(len(data) for _, data in files) / 1e6
        write(f"{language:<12}{len(files):>7}{size:>8.2f}{bare:>9.3f}{full:>9.3f}{full / bare:>7.2f}\n")
    if total_bare:
        write(f"{'all':<27}{total_bare:>9.3f}{total_parse:>9.3f}{total_parse / total_bare:>7.2f}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
