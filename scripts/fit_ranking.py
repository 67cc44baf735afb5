"""Fit the weights of the ranking on annotated queries, and say what they give on repositories left out.

    python -m scripts.fit_ranking --set ANNOTATIONS --trees TREES [--write]

``--set`` is a folder with ``corpora.json`` (name, root, prefix of each tree) and a ``<name>.json`` per tree:
a list of ``{query, category, relevant, secondary}``, whose targets are paths or objects with a ``path``. What
is raised is the mean over repositories of the mean NDCG@10 of their queries, by trying for one weight after
the other a few factors, with a small price on leaving where it began: there are few queries, and a weight
that gains nothing stays there. Each order is taken with its scores shaken a little, several times: what
hangs on two scores being all but equal does not come again elsewhere. The shaking is the same in every run.
Each repository is also ranked with weights fitted on all others only; these are the figures to believe. Then
each kind of evidence is left out, in turn.
"""

import argparse
import json
import math
import posixpath
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.embedding.background import embed_worktree
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.searching.explain import added
from codelab.index.searching.gathering import Filters, Sources, gather
from codelab.index.searching.query import understand
from codelab.index.searching.remembered import Remembered
from codelab.index.searching.search import put_in_order
from codelab.index.searching.similar import SimilarPassages
from codelab.index.searching.weights import WEIGHTS, Weights
from codelab.index.storing import database
from scripts import ranking_tables
from scripts.ranking_tables import Figure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOP = 10
KEPT = 120  # candidates of each query: the best by the weights as they are
FACTORS = (0.7, 1.4)
ROUNDS = 2
SHAKEN = 0.1  # the standard deviation of the shaking, as a share of a score
TIMES = 4
PRICE = 0.004  # of the NDCG for each doubling or halving of a weight
FITTED = (
    "near",
    "file_name",
    "folder",
    "outline",
    "named",
    "mentioned",
    "word",
    "called",
    "meaning",
    "alike",
)
OF_A_FILE = ("near", "file_name", "folder", "outline", "alike")
RULES = ("test", "example", "prose", "surface", "superseded", "private", "hidden")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with its candidates.

    Attributes:
        category: Of the query.
        is_question: Whether it is asked as a question.
        targets: Number of its targets.
        hits: For each candidate the targets it finds, as bits.
        files: For each candidate the number of its file.
        parts: By the kind of evidence, what it gives each candidate with a weight of 1.
        rules: By the name of the rule, 1 for each candidate that stands back by it, else 0.
        shaking: What the scores are multiplied by, of shape (1 + TIMES, candidates); the first row is ones.
    """

    category: str
    is_question: bool
    targets: int
    hits: list[int]
    files: list[int]
    parts: "dict[str, NDArray[np.float64]]"
    rules: "dict[str, NDArray[np.float64]]"
    shaking: "NDArray[np.float64]"


def targets_of(item: dict[str, Any], root: Path, prefix: str) -> list[tuple[str, int, int]]:
    """Return (path, first line, last line) of what answers a query, less what is not there."""
    found = []
    for target in [*item["relevant"], *item["secondary"]]:
        place = {"path": target} if isinstance(target, str) else target
        path = posixpath.relpath(place["path"], prefix)
        if (root / path).is_file():
            found.append((path, place.get("start_line", 0), place.get("end_line", 10**9)))
    return found


def ask_all(root: Path, items: list[dict[str, Any]], prefix: str) -> list[Asked]:
    """Index a tree and gather the candidates of all queries about it."""
    with tempfile.TemporaryDirectory(prefix="codelab-") as home:
        places = Places(Path(home) / "a", Path(home) / "b", Path(home) / "c")
        with WorktreeIndexer(root, places, Settings()) as indexer:
            indexer.sweep()
        folder = index_folder(places, find_repository(root))
        embed_worktree(root, folder, places, Settings())
        connection = database.open_for_reading(folder)
        try:
            similar = SimilarPassages(places, Settings())
            found = [
                _asked(
                    connection,
                    item["query"],
                    item["category"],
                    targets_of(item, root, prefix),
                    Sources({}, Remembered(), item["query"], similar),
                )
                for item in items
            ]
        finally:
            connection.close()
    return [one for one in found if one.targets]


def _asked(
    connection: Any, text: str, category: str, targets: list[tuple[str, int, int]], sources: Sources
) -> Asked:
    import numpy as np

    ones = Weights(*(1.0 for _ in WEIGHTS))
    gathered = gather(connection, 1, query=understand(text), limit=TOP, filters=Filters(), sources=sources)
    best = put_in_order(gathered, KEPT, WEIGHTS)
    numbers = {path: n for n, path in enumerate(gathered.files)}
    hits = [
        sum(
            1 << n
            for n, (path, first, last) in enumerate(targets)
            if one.path == path and one.start_line <= last and first <= one.end_line
        )
        for one in best
    ]
    parts = [added(one, gathered, ones) for one in best]
    rules = [gathered.files[one.path].demotions for one in best]
    shaking = np.exp(SHAKEN * np.random.default_rng(len(text)).standard_normal((1 + TIMES, len(best))))
    shaking[0] = 1.0
    return Asked(
        category,
        gathered.is_question,
        len(targets),
        hits,
        [numbers[one.path] for one in best],
        {kind: np.array([row.get(kind, 0.0) for row in parts]) for kind in {k for r in parts for k in r}},
        {rule: np.array([float(rule in of) for of in rules]) for rule in {r for of in rules for r in of}},
        shaking,
    )


def ndcg(asked: Asked, weights: Weights, shaken: int = 0) -> float:
    """Return the NDCG@10 of a query's candidates, put in order by some weights.

    Args:
        asked: The query.
        weights: How much each kind of evidence counts.
        shaken: Which row of ``shaking`` the scores are multiplied by.
    """
    import numpy as np

    weight = weights._asdict()
    own = sum((weight[kind] * part for kind, part in asked.parts.items() if kind not in OF_A_FILE), 0.0)
    shared = sum((weight[kind] * part for kind, part in asked.parts.items() if kind in OF_A_FILE), 0.0)
    exponent = sum(math.log(weight[rule]) * applies for rule, applies in asked.rules.items())
    factor = np.exp(exponent) * asked.shaking[shaken]
    score, of_file = (own + shared) * factor, shared * factor
    again = weights.again_asked if asked.is_question else weights.again
    times: dict[int, int] = {}
    spread = []
    for n in np.argsort(-score, kind="stable").tolist():
        before = times.get(asked.files[n], 0)
        times[asked.files[n]] = before + 1
        left = score[n] - (1 - again**before) * of_file[n]
        spread.append((-left, n))
    spread.sort()
    seen, gain = 0, 0.0
    for rank, (_, n) in enumerate(spread[:TOP], 1):
        if asked.hits[n] & ~seen:
            gain += 1 / math.log2(rank + 1)
            seen |= asked.hits[n]
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(TOP, asked.targets) + 1))


def mean(repositories: Sequence[Sequence[Asked]], weights: Weights) -> float:
    """Return the mean over repositories of the mean NDCG of their queries, shaken."""
    return fmean(
        fmean(ndcg(one, weights, shaken) for one in queries for shaken in range(1, 1 + TIMES))
        for queries in repositories
    )


def fit(repositories: Sequence[Sequence[Asked]], start: Weights) -> Weights:
    """Return the weights that rank some repositories best, not far from where they start."""
    began = start._asdict()

    def worth(weights: Weights) -> float:
        far = sum(abs(math.log2(weights._asdict()[name] / began[name])) for name in FITTED if began[name])
        return mean(repositories, weights) - PRICE * far

    best, value = start, worth(start)
    for _ in range(ROUNDS):
        for name in FITTED:
            tried = [best._replace(**{name: best._asdict()[name] * factor}) for factor in FACTORS]
            values = [worth(weights) for weights in tried]
            if max(values) > value:
                value = max(values)
                best = tried[values.index(value)]
    return best


def figures(repositories: dict[str, list[Asked]], weights: Mapping[str, Weights]) -> list[Figure]:
    """Rank each repository with its weights; return the figure of each query."""
    return [
        (name, one.category, ndcg(one, weights[name]))
        for name, queries in repositories.items()
        for one in queries
    ]


def without(*kinds: str) -> Weights:
    """Return the weights with some kinds of evidence, or rules, left out."""
    return WEIGHTS._replace(**{kind: 0.0 if kind in FITTED else 1.0 for kind in kinds})


def main() -> None:
    """Gather, fit with each repository left out, fit on all, and leave out each kind of evidence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", type=Path, required=True, help="folder of annotations and corpora.json")
    parser.add_argument("--trees", type=Path, required=True, help="folder with one source tree per name")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/search.md as well")
    args = parser.parse_args()
    repositories: dict[str, list[Asked]] = {}
    for entry in json.loads((args.set / "corpora.json").read_text(encoding="utf-8")):
        items = json.loads((args.set / f"{entry['name']}.json").read_text(encoding="utf-8"))
        root = (args.trees / entry["name"] / entry["root"]).resolve()
        repositories[entry["name"]] = ask_all(root, items, entry.get("prefix", entry["root"]))
    on_the_others = {
        name: fit([queries for other, queries in repositories.items() if other != name], WEIGHTS)
        for name in repositories
    }
    fitted = fit(list(repositories.values()), WEIGHTS)
    words_alone = fit(list(repositories.values()), without("meaning", "alike"))
    weighed = {
        "as they are": figures(repositories, dict.fromkeys(repositories, WEIGHTS)),
        "fitted on the other repositories": figures(repositories, on_the_others),
        "fitted on all": figures(repositories, dict.fromkeys(repositories, fitted)),
        "without vectors, fitted on all": figures(repositories, dict.fromkeys(repositories, words_alone)),
    }
    left_out = {ranking_tables.name_of(kind): without(kind) for kind in FITTED}
    left_out["all vectors"] = without("meaning", "alike")
    left_out |= {ranking_tables.name_of(kind): without(kind) for kind in RULES}
    lines = ranking_tables.lines_of(
        weighed,
        {name: figures(repositories, dict.fromkeys(repositories, of)) for name, of in left_out.items()},
    )
    sys.stdout.write("\n".join(lines) + "\n\nfitted on all: ")
    sys.stdout.write("  ".join(f"{name}={fitted._asdict()[name]:.2f}" for name in FITTED) + "\n")
    if args.write:
        ranking_tables.write(lines)


if __name__ == "__main__":
    main()
