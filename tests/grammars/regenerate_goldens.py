"""Write the golden files of the language fixtures again.

Usage: python tests/grammars/regenerate_goldens.py [FIXTURE ...]

Read the difference before committing it: a golden file says what the index knows of a language.
"""

import sys
from pathlib import Path

from codelab.index.parsing.parse import Parsed, parse

FIXTURES = Path(__file__).parent.parent / "fixtures" / "languages"
GOLDEN = ".golden"


def fixtures() -> list[Path]:
    """Return the fixture files, without their golden files."""
    return sorted(path for path in FIXTURES.iterdir() if path.suffix != GOLDEN)


def golden_of(fixture: Path) -> Path:
    """Return where a fixture's golden file is."""
    return fixture.with_name(fixture.name + GOLDEN)


def describe(parsed: Parsed) -> str:
    """Write what was parsed, one line for each symbol, chunk, import and line of references."""
    out = [f"language {parsed.language}", f"errors {parsed.errors}", "", "# symbols"]
    for symbol in parsed.symbols:
        doc = f"  -- {symbol.doc}" if symbol.doc else ""
        place = f"{symbol.start_line}-{symbol.end_line}"
        out.append(f"{place:<9}{symbol.kind:<12}{symbol.qualified}  |  {symbol.signature}{doc}")
    out += ["", "# chunks"]
    for chunk in parsed.chunks:
        place = f"{chunk.start_line}-{chunk.end_line}"
        size = chunk.end_byte - chunk.start_byte
        out.append(f"{place:<9}{chunk.kind:<12}{chunk.symbol or '-'}  |  {size} bytes")
    out += ["", "# imports"]
    out += [f"{one.line:<9}{one.module}: {', '.join(one.names) or '-'}" for one in parsed.imports]
    out += ["", "# references"]
    by_line: dict[int, list[str]] = {}
    for reference in parsed.references:
        by_line.setdefault(reference.line, []).append(f"{reference.kind} {reference.name}")
    out += [f"{line:<9}{', '.join(uses)}" for line, uses in by_line.items()]
    return "\n".join(out) + "\n"


def main(names: list[str]) -> int:
    """Write the golden files of the named fixtures, or of all."""
    for fixture in fixtures():
        if not names or fixture.name in names:
            text = describe(parse(fixture.name, fixture.read_bytes()))
            golden_of(fixture).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
