"""What a person may write for a language."""

from pathlib import Path

import pytest

from codelab.core.errors import InputError
from codelab.index.reader import IndexReader
from codelab.index.searching.asked_language import languages_meant
from tests.index.conftest import Index
from tests.index.helpers import paths, write

pytestmark = pytest.mark.req("INDEX-4")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", set()),
        (" ", set()),
        ("python", {"python"}),
        ("Python", {"python"}),
        ("py", {"python"}),
        (".rs", {"rust"}),
        ("C#", {"c_sharp"}),
        ("c-sharp", {"c_sharp"}),
        ("c++", {"cpp"}),
        ("ts", {"typescript", "tsx"}),
        ("tsx", {"tsx"}),
        ("shell", {"bash"}),
        ("text", {""}),
    ],
)
def test_names_nicknames_and_endings_mean_a_language(text: str, names: set[str]) -> None:
    assert languages_meant(text) == names


@pytest.mark.parametrize(("text", "fix"), [("pyhton", "Did you mean python?"), ("esperanto", "rust")])
def test_what_is_no_language_is_told_with_those_that_there_are(text: str, fix: str) -> None:
    with pytest.raises(InputError, match="There is no language") as told:
        languages_meant(text)
    assert fix in told.value.fix


def test_files_without_a_grammar_are_text_and_tsx_is_typescript(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(
        root,
        "== notes.txt\npay the cart\n== cart.tsx\nexport function Cart() { return pay; }\n== a.py\npay = 1\n",
    )
    index()
    assert paths(reader.search("pay", language="text")) == ["notes.txt"]
    assert paths(reader.search("pay", language="TypeScript")) == ["cart.tsx"]
    assert len(reader.search("pay")) == 3
