"""What the tests of the index share: one set of parsing processes, and a workspace to write files in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codelab.config.places import Places, find_places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.building.pool import ParserPool, Text
from codelab.index.reader import IndexReader
from codelab.index.types import IndexStatus


@pytest.fixture(scope="session")
def pool() -> Iterator[ParserPool]:
    """Start parsing processes that serve all tests of the session."""
    shared = ParserPool(processes=1)
    shared.give(Text(0, "a.py", b"a = 1\n"))
    assert [outcome.reason for outcomes in shared.drain() for outcome in outcomes] == [""]
    yield shared
    shared.close()


@pytest.fixture
def places(codelab_home: Path) -> Places:
    """Return where this test's CodeLab keeps its files."""
    assert codelab_home.is_dir()
    return find_places()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty workspace."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


Index = Callable[..., IndexStatus]


@pytest.fixture
def index(root: Path, places: Places, pool: ParserPool) -> Index:
    """Return what brings the index of the workspace up to date."""

    def run(
        *, at: Path = root, settings: Settings | None = None, parsed_by: ParserPool = pool
    ) -> IndexStatus:
        with WorktreeIndexer(at, places, settings or Settings(), pool=parsed_by) as indexer:
            return indexer.sweep()

    return run


@pytest.fixture
def reader(root: Path, places: Places) -> Iterator[IndexReader]:
    """Return a reader of the workspace's index."""
    opened = IndexReader.open(root, places)
    yield opened
    opened.close()
