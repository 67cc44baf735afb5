from pathlib import Path

import pytest

from codelab.index.parsing.parse import parse
from codelab_grammars import LANGUAGES, load
from codelab_grammars.grammar import query_text
from tests.grammars.regenerate_goldens import describe, fixtures, golden_of

FOLDERS = Path(__file__).parents[2] / "grammars" / "codelab_grammars"


@pytest.mark.req("INDEX-2", "INDEX-3", "INDEX-8")
@pytest.mark.parametrize("fixture", fixtures(), ids=lambda path: path.name)
def test_a_fixture_gives_what_its_golden_file_says(fixture: Path) -> None:
    found = describe(parse(fixture.name, fixture.read_bytes()))
    assert found == golden_of(fixture).read_text(encoding="utf-8"), (
        "if the change is meant: python tests/grammars/regenerate_goldens.py, and read the difference"
    )


@pytest.mark.req("INDEX-3")
def test_every_language_has_a_fixture_that_its_grammar_reads_without_error() -> None:
    parsed = [parse(fixture.name, fixture.read_bytes()) for fixture in fixtures()]
    assert {one.language for one in parsed} == {language.name for language in LANGUAGES}
    assert [one.language for one in parsed if one.errors] == []


@pytest.mark.req("INDEX-3")
def test_every_golden_file_has_its_fixture() -> None:
    goldens = {path.name for path in fixtures()[0].parent.glob("*.golden")}
    assert goldens == {golden_of(fixture).name for fixture in fixtures()}


@pytest.mark.req("INDEX-2", "INDEX-3")
@pytest.mark.parametrize("language", [language.name for language in LANGUAGES])
def test_a_language_is_a_folder_of_queries_without_text_predicates(language: str) -> None:
    assert (FOLDERS / language / "tags.scm").is_file()
    text = query_text(language)
    assert any(capture in text for capture in ("@definition.", "@heading", "@attribute"))
    assert any(capture in text for capture in ("@chunk", "@container", "@heading"))
    assert "(#" not in text
    assert load(language) is load(language)
