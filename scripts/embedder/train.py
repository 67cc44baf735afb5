"""Make the table of the bundled embedder, from fetching its sources to writing its files.

    pip install -r scripts/embedder/requirements.txt
    python -m scripts.embedder.train FOLDER [--steps N] [--out FOLDER]

FOLDER keeps the archives and the pairs made of them, so that another run begins where this one learnt. It
needs pip, npm and, for the packages of Debian, apt; some minutes and 4 GB of memory.
"""

import argparse
import pickle
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from codelab_models.embedder.table import digest_of
from scripts.embedder.examples import Examples, make_examples
from scripts.embedder.fetch import Source, fetch, read_sources
from scripts.embedder.learn import Learnt, learn
from scripts.embedder.pairs import Pair, pairs_of

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "models" / "codelab_models" / "embedder" / "data"
SEED = 7
STEPS = 950


def main() -> None:
    """Fetch, parse, learn, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="keeps the archives and their pairs")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"batches ({STEPS})")
    parser.add_argument("--out", type=Path, default=DATA, help="where the table is written")
    asked = parser.parse_args()
    sources = [source for source in read_sources() if source.use == "trained on"]
    packages = read_pairs(sources, asked.folder)
    print(f"{sum(map(len, packages)):,} pairs of {len(packages)} packages", flush=True)
    examples = make_examples(packages, SEED)
    print(f"{examples.queries.shape[0]:,} examples, {len(examples.words):,} words", flush=True)
    learnt = learn(examples, asked.steps, SEED, lambda text: print(text, flush=True))
    write(asked.out, examples, learnt)
    print(f"wrote {asked.out}, digest {digest_of(asked.out)}")


def read_pairs(sources: list[Source], folder: Path) -> list[list[Pair]]:
    """Return the pairs of each source; what was made of its archive before is read again."""
    with Pool(2) as processes:
        made = [processes.apply_async(_pairs, (source, folder)) for source in sources]
        return [one.get() for one in made]


def _pairs(source: Source, folder: Path) -> list[Pair]:
    kept = folder / "pairs" / f"{source.sha256}.pickle"
    if not kept.exists():
        pairs = pairs_of(fetch(source, folder / source.registry))
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_bytes(pickle.dumps([tuple(pair) for pair in pairs]))
        partial.replace(kept)
    return [Pair(*pair) for pair in pickle.loads(kept.read_bytes())]


def write(folder: Path, examples: Examples, learnt: Learnt) -> None:
    """Write the table: each row as integers up to 127, what they are to be multiplied by in the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    largest = np.abs(learnt.rows).max(axis=1, keepdims=True) / 127
    np.save(folder / "rows.npy", np.round(learnt.rows / largest).astype(np.int8))
    weights = np.stack([learnt.query_weights, learnt.passage_weights]) * largest.ravel()
    np.save(folder / "weights.npy", weights.astype(np.float32))
    (folder / "words.txt").write_text("\n".join(examples.words), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
