"""How imports and uses of names are kept."""

import pytest

from codelab.index.facts import Use, pack_imports, pack_uses, unpack_imports, unpack_uses, unpack_uses_of
from codelab.index.parsed import Import, Reference


@pytest.mark.req("INDEX-3")
def test_imports_come_back_as_they_were() -> None:
    imports = [Import("a.b", ("c", "*"), 1), Import("./größe", (), 7)]
    assert unpack_imports(pack_imports(imports)) == imports
    assert unpack_imports(pack_imports([])) == []


@pytest.mark.req("INDEX-3")
def test_uses_come_back_by_name_and_kind_with_their_lines() -> None:
    references = [Reference("pay", 3, "call"), Reference("Größe", 4, "type"), Reference("pay", 9, "call")]
    assert unpack_uses(pack_uses(references)) == [Use("pay", "call", [3, 9]), Use("Größe", "type", [4])]
    assert pack_uses([]) == b"" and unpack_uses(b"") == []


@pytest.mark.req("INDEX-3")
@pytest.mark.parametrize("name", ["pay", "Größe", 'a"b', "a\\b", "pa", "ay", "$", "call pay", ""])
def test_the_uses_of_one_name_are_those_among_all(name: str) -> None:
    references = [
        *(Reference("pay", line, kind) for line, kind in ((3, "call"), (4, "type"), (9, "call"))),
        *(Reference(other, 5, "call") for other in ("Größe", 'a"b', "a\\b", "payer", "$", 'x"call pay')),
    ]
    packed = pack_uses(references)
    assert unpack_uses_of(packed, name) == [use for use in unpack_uses(packed) if use.name == name]
    assert unpack_uses(packed, {name}) == unpack_uses_of(packed, name)
    assert unpack_uses_of(b"", name) == []
