"""Write the table of sources and the digest into the model card of the bundled embedder.

python -m scripts.embedder.card
"""

from pathlib import Path

from codelab_models.embedder.table import read_shape, read_table
from scripts.embedder.fetch import read_sources

CARD = Path(__file__).resolve().parents[2] / "models" / "codelab_models" / "embedder" / "MODEL_CARD.md"
BEGIN, END = "<!-- made by scripts/embedder/card.py -->", "<!-- end of what is made -->"


def main() -> None:
    """Rewrite what lies between the two marks."""
    table, digest = read_table(), read_shape().digest
    rows = [
        f"| {source.name} | {source.version} | {source.registry} | {source.licence} | {source.use} |"
        for source in read_sources()
    ]
    lines = [
        f"Digest {digest}: {len(table.numbers):,} words and {table.numbers.buckets:,} shared rows of"
        f" {table.rows.shape[1]} dimensions, {table.rows.nbytes / 1e6:.1f} MB.",
        "",
        "| package | version | registry | licence | use |",
        "|---|---|---|---|---|",
        *rows,
    ]
    text = CARD.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    made = "\n".join((f"{head}{BEGIN}", *lines, END))
    CARD.write_text(made + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
