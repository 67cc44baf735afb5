"""Compare the bundled embedder with splitting the same chunks into words, which indexing does anyway.

Usage: python tests/benchmarks/embedding_speed.py FOLDER [ROUNDS]

One process on one core; the two are timed in turn ROUNDS times (5), and the median of each is printed as
chunks per second, with their ratio, and the milliseconds that one query takes.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import sys
from pathlib import Path
from statistics import median
from time import process_time

from codelab.index.parsing.parse import parse
from codelab.index.words import words_of
from codelab_grammars import language_of
from codelab_models.embedder.bundled import load

MOST_CHUNKS = 20_000
QUERIES = ("how are uploads retried", "parse a date", "close all connections before exit", "read settings")


def read_chunks(root: Path) -> list[str]:
    """Return the texts of the chunks of the sources below a folder."""
    texts: list[str] = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and len(texts) < MOST_CHUNKS:
            data = path.read_bytes()
            if b"\0" not in data and language_of(path.name, data[:8192]) is not None:
                parsed = parse(path.name, data)
                texts += [
                    data[one.start_byte : one.end_byte].decode("utf-8", "replace") for one in parsed.chunks
                ]
    return texts


def main() -> None:
    """Time both and print."""
    texts = read_chunks(Path(sys.argv[1]))
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    embedder = load()
    words = [words_of(text) for text in texts]
    queries = [words_of(query) for query in QUERIES]
    splitting, embedding, asking = [], [], []
    for _ in range(rounds):
        start = process_time()
        for text in texts:
            words_of(text)
        splitting.append(process_time() - start)
        start = process_time()
        embedder.embed_passages(words)
        embedding.append(process_time() - start)
        start = process_time()
        for query in queries:
            embedder.embed_queries([query])
        asking.append((process_time() - start) / len(queries))
    write = sys.stdout.write
    split, embed = median(splitting), median(embedding)
    words_each = sum(text.count(" ") + 1 for text in words) / len(texts)
    write(f"{len(texts)} chunks, {words_each:.0f} words each\n")
    write(f"splitting into words {len(texts) / split:10,.0f} chunks/s\n")
    write(f"embedding            {len(texts) / embed:10,.0f} chunks/s, ratio {embed / split:.2f}\n")
    write(f"a query              {1000 * median(asking):10.3f} ms\n")


if __name__ == "__main__":
    main()
