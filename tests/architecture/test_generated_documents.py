"""Documents made from the code are up to date: run ``scripts/docs.py`` when one of these fails."""

from pathlib import Path

import pytest

from scripts import docs, ranking_tables


@pytest.mark.req("CARD-8")
def test_every_requirement_that_a_test_names_exists() -> None:
    known = docs.known_requirements(docs.REQUIREMENTS.read_text(encoding="utf-8"))
    assert len(known) == len(set(known))
    unknown = {
        identifier: files
        for identifier, files in docs.requirement_tests(docs.ROOT / "tests").items()
        if identifier not in known
    }
    assert unknown == {}


@pytest.mark.req("CARD-8")
def test_the_requirements_page_names_the_tests_that_there_are() -> None:
    page = docs.REQUIREMENTS.read_text(encoding="utf-8")
    assert page == docs.requirements_page(page, docs.requirement_tests(docs.ROOT / "tests"))


@pytest.mark.req("CARD-8")
def test_a_new_test_changes_the_requirements_page() -> None:
    page = "| RUN-1 | It runs. | none yet |\n| RUN-2 | It stops. | `tests/old.py` |\n"
    assert docs.requirements_page(page, {"RUN-1": ["tests/a.py", "tests/b.py"]}) == (
        "| RUN-1 | It runs. | `tests/a.py`, `tests/b.py` |\n| RUN-2 | It stops. | none yet |\n"
    )


@pytest.mark.req("CARD-8")
def test_requirement_ids_are_read_from_any_mark() -> None:
    source = (
        "import pytest\npytestmark = pytest.mark.req('A-1')\n"
        "@pytest.mark.req('B-1', 'B-2')\nclass TestX: ...\n@pytest.mark.slow\ndef test_y(): ...\n"
    )
    assert sorted(docs.requirement_ids(source)) == ["A-1", "B-1", "B-2"]


@pytest.mark.req("CARD-8")
def test_the_settings_page_is_what_the_declarations_say() -> None:
    assert docs.SETTINGS.read_text(encoding="utf-8") == docs.settings_page()


@pytest.mark.req("CARD-8", "INDEX-3", "INDEX-8")
def test_the_languages_page_is_what_the_table_of_languages_says() -> None:
    assert docs.LANGUAGES_PAGE.read_text(encoding="utf-8") == docs.languages_page()


@pytest.mark.req("CARD-8", "INDEX-4")
def test_the_tables_of_the_ranking_were_made_with_the_weights_as_they_are() -> None:
    assert f"Weights {ranking_tables.weights_digest()}:" in ranking_tables.PAGE.read_text(encoding="utf-8")


def test_tables_stand_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{ranking_tables.BEGIN}\nold\n{ranking_tables.END}\nafter\n")
    figures = [("one", "name", 1.0), ("one", "topic", 0.0), ("two", "topic", 1.0)]
    ranking_tables.write(ranking_tables.lines_of({"plain": figures}, {"words": figures}), page)
    text = page.read_text()
    assert text.startswith(f"before\n{ranking_tables.BEGIN}\nWeights ") and "old" not in text
    assert text.endswith(f"{ranking_tables.END}\nafter\n")
    assert "| Weights | all | name | topic |\n|---|---|---|---|\n| plain | 0.750 | 1.000 | 0.500 |" in text
