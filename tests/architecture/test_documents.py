"""What the documents point to is there, and they speak of the project only."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.cli.parser import COMMANDS
from tests.support.source_tree import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
_PATH = re.compile(
    r"`((?:server|models|mcp_tools|grammars|tests|scripts|docs|requirements|editor-clients)/[\w./-]*)`"
)
_COMMAND = re.compile(r"(?:`|^ +|\$ )codelab ([a-z][a-z-]*)", re.MULTILINE)


def missing(page: Path) -> Iterator[str]:
    """Yield links and paths of a page that lead nowhere."""
    text = page.read_text(encoding="utf-8")
    for target in _LINK.findall(text):
        if not (page.parent / target).exists():
            yield f"link to {target}"
    for path in _PATH.findall(text):
        if not (ROOT / path).exists():
            yield path


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page: Path) -> None:
    assert list(missing(page)) == []


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = set(_COMMAND.findall(page.read_text(encoding="utf-8")))
    assert named - set(COMMANDS) == set()


@pytest.mark.req("CARD-8")
def test_a_link_that_leads_nowhere_and_a_command_that_is_none_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](nowhere.md) and `server/codelab/nothing.py`, then `codelab dance`")
    assert list(missing(page)) == ["link to nowhere.md", "server/codelab/nothing.py"]
    assert _COMMAND.findall(page.read_text()) == ["dance"]
