"""What a change costs: which files are opened and which are parsed, each time with a control."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.building.pool import ParserPool, Text
from codelab.index.reader import IndexReader
from tests.index.helpers import reasons, write
from tests.support.opened_files import opened_files, when_opened

CODE = """
== app/payments.py
def charge_card(amount):
    return amount

== app/orders.py
class OrderBook:
    pass

== main.py
def run_all():
    pass
"""
LONG_AGO = (1_000_000_000, 1_000_000_000)

Parsed = Callable[[], list[str]]


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the parsing process of this module notes what it is given."""
    return tmp_path_factory.mktemp("notes") / "parsed"


@pytest.fixture(scope="module")
def counting(notes: Path) -> Iterator[ParserPool]:
    """Return a pool whose process notes what it is given."""
    pool = ParserPool(
        processes=1, command=(sys.executable, str(Path(__file__).with_name("counting_parser.py")), str(notes))
    )
    pool.give(Text(0, "a.py", b"a = 1\n"))
    assert [outcome.reason for outcomes in pool.drain() for outcome in outcomes] == [""]
    yield pool
    pool.close()


@pytest.fixture
def parsed(notes: Path) -> Parsed:
    """Return what tells which paths were parsed since it was last asked."""
    notes.write_text("")

    def take() -> list[str]:
        paths = sorted(notes.read_text(encoding="utf-8").split())
        notes.write_text("")
        return paths

    return take


@pytest.fixture
def indexer(root: Path, places: Places, counting: ParserPool) -> Iterator[WorktreeIndexer]:
    """Return the indexer of a workspace whose files were settled long ago, all indexed."""
    write(root, CODE)
    settle(root)
    with WorktreeIndexer(root, places, Settings(), pool=counting) as opened:
        opened.sweep()
        yield opened


def settle(root: Path) -> None:
    """Set the times of all files long back: one that changed a moment ago is read again in any case."""
    for path in root.rglob("*.py"):
        os.utime(path, LONG_AGO)


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.mark.req("INDEX-1", "CARD-4")
def test_an_unchanged_file_is_not_opened_and_a_touched_one_not_parsed(
    root: Path, parsed: Parsed, indexer: WorktreeIndexer
) -> None:
    assert parsed() == ["app/orders.py", "app/payments.py", "main.py"], "the control"
    with opened_files(".py") as opened:
        assert indexer.sweep().files == 3
    assert opened == []
    os.utime(root / "main.py", (1_100_000_000, 1_100_000_000))
    with opened_files(".py") as opened:
        indexer.sweep()
    assert opened == ["main.py"], "the control: opening is seen"
    assert parsed() == []


@pytest.mark.req("INDEX-1", "CARD-4")
def test_a_save_opens_and_parses_its_file_alone(
    root: Path, indexer: WorktreeIndexer, parsed: Parsed, reader: IndexReader
) -> None:
    parsed()
    write(root, "== main.py\ndef run_everything():\n    pass\n")
    with opened_files(".py") as opened:
        indexer.update(["main.py"])
    assert (opened, parsed()) == (["main.py"], ["main.py"])
    assert reader.find_symbols("run_everything")


@pytest.mark.req("INDEX-1")
def test_renamed_and_moved_files_are_parsed_no_more_also_when_only_the_case_changes(
    root: Path, indexer: WorktreeIndexer, parsed: Parsed, reader: IndexReader
) -> None:
    parsed()
    (root / "main.py").rename(root / "Main.py")
    (root / "app").rename(root / "moved")
    indexer.update(["main.py", "Main.py", "app", "moved"])
    assert parsed() == []
    assert [symbol.path for symbol in reader.find_symbols("run_all")] == ["Main.py"]
    assert [symbol.path for symbol in reader.find_symbols("OrderBook")] == ["moved/orders.py"]
    write(root, "== moved/orders.py\nclass OtherBook:\n    pass\n")
    indexer.sweep()
    assert parsed() == ["moved/orders.py"], "the control: a new content is parsed"


@pytest.mark.req("INDEX-1")
def test_a_checkout_parses_contents_never_seen_and_a_second_worktree_none(
    tmp_path: Path, root: Path, places: Places, counting: ParserPool, parsed: Parsed
) -> None:
    write(root, CODE)
    git(root, "init", "-q", "-b", "trunk")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    with WorktreeIndexer(root, places, Settings(), pool=counting) as indexer:
        indexer.sweep()
        assert len(parsed()) == 3, "the control"
        git(root, "checkout", "-qb", "side")
        write(root, "== main.py\ndef side_only():\n    pass\n== side.py\ndef side_too():\n    pass\n")
        (root / "app" / "orders.py").unlink()
        git(root, "add", "-A")
        git(root, "commit", "-qm", "two")
        indexer.sweep()
        assert parsed() == ["main.py", "side.py"]
        git(root, "checkout", "-q", "trunk")
        assert indexer.sweep().files == 3
        git(root, "checkout", "-q", "side")
        assert indexer.sweep().files == 3
        assert parsed() == []
    git(root, "worktree", "add", "-q", str(tmp_path / "second"), "trunk")
    with WorktreeIndexer(tmp_path / "second", places, Settings(), pool=counting) as second:
        assert second.sweep().files == 3
    assert parsed() == []


@pytest.mark.req("INDEX-1")
def test_changes_of_ignore_files_at_every_level_take_files_out_and_in_again(
    root: Path, indexer: WorktreeIndexer, reader: IndexReader
) -> None:
    for ignore, pattern, name in (
        (".gitignore", "orders.py", "OrderBook"),
        ("app/.gitignore", "pay*.py", "charge_card"),
        (".gitignore", "app/", "charge_card"),
    ):
        assert reader.find_symbols(name)
        (root / ignore).write_text(f"{pattern}\n")
        indexer.sweep()
        assert reader.find_symbols(name) == []
        assert reader.find_symbols("run_all")
        (root / ignore).unlink()
        indexer.sweep()
        assert reader.find_symbols(name)


@pytest.mark.req("INDEX-1")
def test_a_file_from_the_future_is_settled_and_its_later_change_with_the_clock_set_back_is_seen(
    root: Path, indexer: WorktreeIndexer, parsed: Parsed, reader: IndexReader
) -> None:
    write(root, "== main.py\ndef from_tomorrow():\n    pass\n")
    os.utime(root / "main.py", (4_000_000_000, 4_000_000_000))
    indexer.sweep()
    parsed()
    with opened_files(".py") as opened:
        indexer.sweep()
    assert opened == []
    write(root, "== main.py\ndef from_today_it():\n    pass\n")
    indexer.sweep()
    assert parsed() == ["main.py"]
    assert reader.find_symbols("from_today_it")


@pytest.mark.req("INDEX-1")
def test_a_change_that_keeps_size_and_time_is_seen(
    root: Path, indexer: WorktreeIndexer, reader: IndexReader
) -> None:
    write(root, "== main.py\ndef ran_all():\n    pass\n")
    settle(root)
    indexer.sweep()
    assert reader.find_symbols("ran_all")
    assert reader.find_symbols("run_all") == []


@pytest.mark.req("INDEX-1", "SAFE-5")
@pytest.mark.parametrize("by", ["text", "nothing", "folder", "pipe", "link", "binary", "large"])
def test_a_file_replaced_on_the_way_to_reading_it_is_taken_as_it_then_is(
    root: Path, indexer: WorktreeIndexer, reader: IndexReader, by: str
) -> None:
    path = root / "main.py"
    write(root, "== main.py\ndef seen_by_the_walk():\n    pass\n")
    (root / ".env").write_text("TOKEN=hunter2hunter2\n")

    def replace(name: str) -> None:
        if name == "main.py" and path.is_file() and b"seen_by" in path.read_bytes()[:40]:
            path.unlink()
            swap(path, by)

    with when_opened(replace):
        indexer.sweep()
    assert reader.find_symbols("seen_by_the_walk") == []
    status = indexer.sweep()
    assert reader.find_symbols("charge_card")
    assert reader.search("hunter2hunter2") == []
    if by == "text":
        assert reader.find_symbols("came_later")
    else:
        assert status.files == 2
        assert ("main.py" in reasons(status)) == (by not in ("nothing", "folder"))


def swap(path: Path, by: str) -> None:
    """Put something else in a file's place."""
    if by == "text":
        path.write_text("def came_later():\n    pass\n")
    elif by == "folder":
        path.mkdir()
    elif by == "pipe":
        os.mkfifo(path)
    elif by == "link":
        path.symlink_to(".env")
    elif by == "binary":
        path.write_bytes(b"\x7fELF\0\0")
    elif by == "large":
        with path.open("wb") as file:
            file.truncate(50_000_000)
