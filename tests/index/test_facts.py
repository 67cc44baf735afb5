"""How imports and uses of names are kept."""

from pathlib import Path

import pytest

from codelab.index.parsing.analyse import analyse
from codelab.index.parsing.facts import (
    Use,
    pack_imports,
    pack_uses,
    unpack_imports,
    unpack_uses,
    unpack_uses_of,
)
from codelab.index.parsing.parse import parse
from codelab.index.parsing.parsed import Import

FIXTURES = Path(__file__).parents[1] / "fixtures" / "languages"


@pytest.mark.req("INDEX-3")
def test_imports_come_back_as_they_were() -> None:
    imports = [Import("a.b", ("c", "*"), 1), Import("./größe", (), 7)]
    assert unpack_imports(pack_imports(imports)) == imports
    assert unpack_imports(pack_imports([])) == []


@pytest.mark.req("INDEX-3")
def test_uses_come_back_by_name_and_kind_with_their_lines() -> None:
    packed = pack_uses({"call": {"pay": [3, 9]}, "type": {"Größe": [4]}})
    assert unpack_uses(packed) == [Use("pay", "call", [3, 9]), Use("Größe", "type", [4])]
    assert pack_uses({}) == b"" and unpack_uses(b"") == []


@pytest.mark.req("INDEX-3")
@pytest.mark.parametrize("name", ["pay", "Größe", 'a"b', "a\\b", "pa", "ay", "$", "call pay", ""])
def test_the_uses_of_one_name_are_those_among_all(name: str) -> None:
    others = {other: [5] for other in ("Größe", 'a"b', "a\\b", "payer", "$", 'x"call pay')}
    packed = pack_uses({"call": {"pay": [3, 9], **others}, "type": {"pay": [4]}})
    assert unpack_uses_of(packed, name) == [use for use in unpack_uses(packed) if use.name == name]
    assert unpack_uses(packed, {name}) == unpack_uses_of(packed, name)
    assert unpack_uses_of(b"", name) == []


@pytest.mark.req("INDEX-3")
@pytest.mark.parametrize("name", ["upload.py", "cart.js", "panel.tsx"])
def test_the_index_keeps_the_definitions_and_references_that_parsing_gives(name: str) -> None:
    data = (FIXTURES / name).read_bytes()
    parsed, stored = parse(name, data), analyse(name, data)
    assert stored.definitions == [
        (one.name, one.qualified, one.kind, one.signature, one.start_line, one.end_line)
        for one in parsed.symbols
    ]
    uses = [(use.name, line, use.kind) for use in unpack_uses(stored.uses) for line in use.lines]
    assert sorted(uses) == sorted(parsed.references) and uses
