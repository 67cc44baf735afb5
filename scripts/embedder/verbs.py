"""Print the words that tell a query for one function: what documentation of functions begins with.

    python -m scripts.embedder.verbs FOLDER

They are in ``codelab.index.searching.function_verbs``. A stem is printed that documentation of functions
begins with in at least so many packages, so much oftener than that of classes and the like, and not much less
often than it stands further on, where nouns stand. FOLDER is that of ``scripts.embedder.train``.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scripts.embedder.fetch import read_sources
from scripts.embedder.pairs import Pair
from scripts.embedder.train import read_pairs

PACKAGES = 30
OVER_CLASSES = 1.5
OVER_WITHIN = 0.5
MOST_OF_A_PACKAGE = 100
LEAST_WORDS = 3
_SEEN_BEFORE = 5  # times that each word is taken to have been seen with classes: few are documented


def main() -> None:
    """Print the stems."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="keeps the archives and their pairs")
    sources = [source for source in read_sources() if source.use == "trained on"]
    print(" ".join(verbs(read_pairs(sources, parser.parse_args().folder))))


def verbs(packages: Sequence[Sequence[Pair]]) -> list[str]:
    """Return the stems, in the order of the alphabet."""
    firsts: Counter[str] = Counter()
    within: Counter[str] = Counter()
    of_classes: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    functions = classes = 0
    for pairs in packages:
        own: Counter[str] = Counter()
        for pair in pairs:
            first, *others = pair.documentation.split() or ("",)
            if len(others) + 1 < LEAST_WORDS:
                continue
            if pair.is_function:
                functions += 1
                own[first] += 1
                within.update(set(others))
            else:
                classes += 1
                of_classes[first] += 1
        holders.update(own.keys())
        firsts.update({word: min(times, MOST_OF_A_PACKAGE) for word, times in own.items()})
    return sorted(
        word
        for word, times in firsts.items()
        if holders[word] >= PACKAGES
        and times / functions >= OVER_CLASSES * (of_classes[word] + _SEEN_BEFORE) / classes
        and times >= OVER_WITHIN * (within[word] + 1)
    )


if __name__ == "__main__":
    main()
