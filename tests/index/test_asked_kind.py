"""What a person may write for a kind of passage."""

import re
from importlib import resources

import pytest

from codelab.core.errors import InputError
from codelab.index.parsing.parse import parse
from codelab.index.searching.asked_kind import KINDS, kind_meant
from tests.grammars.regenerate_goldens import fixtures

pytestmark = pytest.mark.req("INDEX-4")

ONLY_LENDS_ITS_NAME = "scope"


def test_every_kind_that_the_queries_of_a_language_give_can_be_asked_for() -> None:
    folders = [one for one in resources.files("codelab_grammars").iterdir() if one.is_dir()]
    queries = [
        file.read_text() for folder in folders for file in folder.iterdir() if file.name.endswith(".scm")
    ]
    captured = {kind for text in queries for kind in re.findall(r"@definition\.([a-z_]+)", text)}
    assert len(captured) > 20
    assert captured - {ONLY_LENDS_ITS_NAME} <= KINDS


def test_every_kind_of_passage_of_the_languages_can_be_asked_for() -> None:
    found = {chunk.kind for file in fixtures() for chunk in parse(file.name, file.read_bytes()).chunks}
    assert len(found) > 8
    assert found <= KINDS


def test_no_other_kind_can() -> None:
    assert kind_meant("") == "" and kind_meant(" Method ") == "method"
    with pytest.raises(InputError, match="no kind of passage 'nonsense'") as told:
        kind_meant("nonsense")
    assert "method, module" in told.value.why
