"""How imports and uses of names are kept."""

import pytest

from codelab.index.facts import Use, pack_imports, pack_uses, unpack_imports, unpack_uses
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
