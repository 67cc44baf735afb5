"""How often an answer without a model names a right file among its first five sources.

    python -m tests.benchmarks.found_answers --set ANNOTATIONS --trees TREES

``--set`` is a folder with ``corpora.json`` (name, root, prefix of each tree) and a ``<name>.json`` per tree:
a list of ``{query, relevant, secondary}``, whose targets are paths or objects with a ``path``. Prints, per
tree, the questions answered right and asked, then the worst ten in a row of all of them.
"""

import argparse
import asyncio
import json
import os
import posixpath
import sys
import tempfile
from pathlib import Path
from typing import Any

from codelab.cli.compose import open_workbench
from codelab.workbench.types import FaceInfo

FIRST = 5


def right_files(item: dict[str, Any], prefix: str) -> set[str]:
    """Return the files that answer a question, relative to the tree's root."""
    targets = [*item["relevant"], *item["secondary"]]
    paths = [target if isinstance(target, str) else target["path"] for target in targets]
    return {posixpath.relpath(path, prefix) for path in paths}


async def ask_all(root: Path, items: list[dict[str, Any]], prefix: str) -> list[bool]:
    """Ask every question about a tree; tell for each whether a right file was among the first sources."""
    bench = await open_workbench(root, FaceInfo("cli", "benchmark", can_prompt=False))
    try:
        right = []
        for item in items:
            result = await (await bench.ask(item["query"])).result()
            found = {source.path for source in result.sources[:FIRST]}
            right.append(bool(found & right_files(item, prefix)))
        return right
    finally:
        await bench.close()


def main() -> None:
    """Ask all questions of all trees and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", type=Path, required=True, help="folder of annotations and corpora.json")
    parser.add_argument("--trees", type=Path, required=True, help="folder with one source tree per name")
    args = parser.parse_args()
    everything: list[bool] = []
    with tempfile.TemporaryDirectory(prefix="codelab-") as home:
        os.environ["CODELAB_HOME"] = home
        for entry in json.loads((args.set / "corpora.json").read_text(encoding="utf-8")):
            items = json.loads((args.set / f"{entry['name']}.json").read_text(encoding="utf-8"))
            root = (args.trees / entry["name"] / entry["root"]).resolve()
            right = asyncio.run(ask_all(root, items, entry.get("prefix", entry["root"])))
            sys.stdout.write(f"{entry['name']}: {sum(right)} of {len(right)}\n")
            everything += right
    worst = min(sum(everything[start : start + 10]) for start in range(len(everything) - 9))
    sys.stdout.write(f"all: {sum(everything)} of {len(everything)}; worst ten in a row: {worst}\n")


if __name__ == "__main__":
    main()
