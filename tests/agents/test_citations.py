"""Sources of an answer, checked against what was read."""

import pytest

from codelab.agents.citations import check_citations
from codelab.core.positions import LineSpan

READ = [LineSpan("src/a.py", 10, 20), LineSpan("Makefile", 1, 5)]


def check_sources(answer: str, sources: list[str], unread: list[str]) -> None:
    """Check which places in an answer count."""
    checked = check_citations(answer, READ)
    assert [str(span) for span in checked.sources] == sources
    assert [str(span) for span in checked.unread] == unread
    assert checked.text.startswith(answer.rstrip())


@pytest.mark.req("AGENT-1", "AGENT-17")
@pytest.mark.parametrize(
    ("answer", "sources", "unread"),
    [
        ("See `src/a.py:12-15`.", ["src/a.py:12-15"], []),
        ("See src/a.py:12\u201315 and ./src/a.py:20.", ["src/a.py:12-15", "src/a.py:20"], []),
        ("See [it](src/a.py:18-30), twice: src/a.py:18-30", ["src/a.py:18-30"], []),
        ("See Makefile:3.", ["Makefile:3"], []),
        ("See src/a.py:21 and src/b.py:12", [], ["src/a.py:21", "src/b.py:12"]),
        ("At 10:30 on localhost:8080, http://127.0.0.1:80/x and 3:1", [], []),
        ("In a.py:12 of another folder", [], ["a.py:12"]),
        ("Backwards: src/a.py:15-12", ["src/a.py:15"], []),
        ("", [], []),
    ],
)
def test_only_places_that_were_read_are_sources(answer: str, sources: list[str], unread: list[str]) -> None:
    check_sources(answer, sources, unread)


@pytest.mark.req("AGENT-16")
def test_an_answer_that_is_one_long_rule_is_checked_at_once() -> None:
    rule = "-~+@" * 50_000  # quadratic in its length this would take an hour
    assert check_citations(f"{rule} -src/a.py:3", []).unread == (LineSpan("-src/a.py", 3, 3),)
