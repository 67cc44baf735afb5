"""Bringing the index up to date: what it holds, what it costs, what it survives."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.errors import Cancelled, InputError, StateError
from codelab.index.building.build import WorktreeIndexer, index_worktree
from codelab.index.building.pool import ParserPool
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.reader import IndexReader
from codelab.index.storing import database
from codelab.index.types import IndexStatus
from codelab.store import sqlite
from tests.index.conftest import Index
from tests.index.helpers import paths, reasons, write
from tests.support.rights import GIVE_UP_RIGHTS

CODE = """
== app/payments.py
def charge_card(amount):
    \"\"\"Take money from a card.\"\"\"
    return amount

== app/orders.py
class OrderBook:
    def cancel_order(self, number):
        return number
"""
NO_PARSER = (sys.executable, "-c", "raise SystemExit(1)")


@pytest.mark.req("INDEX-1", "INDEX-3", "CARD-4")
def test_a_workspace_is_indexed_and_its_figures_are_told(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, CODE)
    status = index()
    assert (status.state, status.files, status.total) == ("fresh", 2, 2)
    assert status.languages == {"python": 2}
    assert status.chunks >= 2
    assert status.symbols == 3
    assert 0 < status.searchable_seconds <= status.total_seconds
    assert paths(reader.search("take money from a card"))[0] == "app/payments.py"
    assert [symbol.qualified for symbol in reader.outline("app/orders.py")] == [
        "OrderBook",
        "OrderBook.cancel_order",
    ]


@pytest.mark.req("INDEX-1")
def test_changed_new_and_deleted_files_are_taken_up(root: Path, index: Index, reader: IndexReader) -> None:
    write(root, CODE)
    index()
    write(
        root, "== app/payments.py\ndef refund_card():\n    pass\n== app/new.py\ndef brand_new():\n    pass\n"
    )
    (root / "app" / "orders.py").unlink()
    assert index().files == 2
    assert [s.name for s in reader.find_symbols("refund_card")] == ["refund_card"]
    assert reader.find_symbols("brand_new")
    assert reader.find_symbols("charge_card") == []
    assert reader.find_symbols("OrderBook") == []


@pytest.mark.req("INDEX-1")
def test_unchanged_moved_and_copied_files_cost_no_parse(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, CODE)
    index()
    (root / "app" / "payments.py").rename(root / "billing.py")
    shutil.copy(root / "app" / "orders.py", root / "copy.py")
    write(root, "== fresh.py\ndef never_seen():\n    pass\n")
    without = ParserPool(command=NO_PARSER)
    status = index(parsed_by=without)
    without.close()
    assert status.files == 3
    assert "crashed" in reasons(status)["fresh.py"], "the control: a new content needs a parser"
    assert [s.path for s in reader.find_symbols("charge_card")] == ["billing.py"]
    assert {s.path for s in reader.find_symbols("OrderBook")} == {"app/orders.py", "copy.py"}


@pytest.mark.req("INDEX-1", "INDEX-4")
def test_lists_of_words_that_many_commits_left_are_merged(
    root: Path, places: Places, pool: ParserPool, reader: IndexReader
) -> None:
    with WorktreeIndexer(root, places, Settings(), pool=pool) as indexer:
        for number in range(6):
            write(root, f"== m{number}.py\ndef name_{number}(shared):\n    pass\n")
            indexer.sweep()
        path = database.database_path(indexer.folder)
        assert segments(path) >= 6, "the control: each commit leaves one"
        indexer.clean()
        assert segments(path) < 3
    assert len(paths(reader.search("shared"))) == 6
    assert paths(reader.search("name_4"))[0] == "m4.py"


def segments(path: Path) -> int:
    """Return how many lists of words an index has."""
    connection = sqlite.connect(path, read_only=True)
    (count,) = connection.execute("SELECT count(DISTINCT segid) FROM chunk_words_idx").fetchone()
    connection.close()
    return int(count)


@pytest.mark.req("INDEX-1")
def test_worktrees_of_a_repository_share_contents_and_see_only_their_own_files(
    tmp_path: Path, root: Path, places: Places, index: Index
) -> None:
    git = root / ".git"
    (git / "worktrees" / "other").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "worktrees" / "other" / "HEAD").write_text("ref: refs/heads/other\n")
    (git / "worktrees" / "other" / "commondir").write_text("../..\n")
    write(root, CODE)
    other = tmp_path / "other"
    write(other, CODE + f"\n== .git\ngitdir: {git}/worktrees/other\n")
    (other / "app" / "orders.py").unlink()
    index()
    without = ParserPool(command=NO_PARSER)
    assert index(at=other, parsed_by=without).files == 1
    without.close()
    reader = IndexReader.open(other, places)
    assert reader.find_symbols("charge_card")
    assert reader.find_symbols("OrderBook") == []
    assert paths(reader.search("order book")) == []
    reader.close()


@pytest.mark.req("INDEX-1")
@pytest.mark.slow
def test_a_file_that_crashes_or_hangs_its_parser_costs_only_itself(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, CODE + "\n== a.py\nCRASH = 1\n== z.py\nHANG = 1\n")
    for path in ("a.py", "z.py"):
        os.utime(root / path, (1, 1))  # a file changed a moment ago is read again in any case
    crashing = ParserPool(
        processes=1,
        file_seconds=5.0,
        command=(sys.executable, str(Path(__file__).with_name("crashing_parser.py"))),
    )
    status = index(parsed_by=crashing)
    crashing.close()
    assert status.files == 2
    assert reasons(status).keys() == {"a.py", "z.py"}
    assert reader.find_symbols("charge_card")
    assert index().files == 2, "they are not tried again until they change"


@pytest.mark.req("INDEX-1")
def test_odd_contents_are_indexed_or_reported(root: Path, index: Index, reader: IndexReader) -> None:
    write(
        root,
        CODE + "\n== .env\nPASSWORD=hunter2hunter2\n== empty.py\n== deploy.py\npassword = 'hunter2hunter2'\n",
    )
    (root / "wide.py").write_bytes("def wide_name():\n    return 'größe'\n".encode("utf-16"))
    (root / "broken.py").write_bytes(b"def torn_name():\n    return '\xff\xfe'\n")
    (root / "program").write_bytes(b"\x7fELF\0\0\0")
    with (root / "huge.txt").open("wb") as file:
        file.truncate(50_000_000)
    status = index()
    assert reasons(status).keys() == {".env", "program", "huge.txt"}
    assert status.files == 6
    assert reader.find_symbols("wide_name")
    assert reader.find_symbols("torn_name")
    assert "größe" in reader.search("wide_name")[0].text
    assert paths(reader.search("hunter2hunter2")) == ["deploy.py"], (
        "the control: the same word in a plain file"
    )
    assert b"hunter2hunter2" in (root / ".env").read_bytes()


@pytest.mark.req("INDEX-1")
def test_an_unreadable_file_and_folder_are_reported(tmp_path: Path, root: Path, codelab_home: Path) -> None:
    write(root, CODE + "\n== closed/x.py\n== private.py\n")
    (root / "closed").chmod(0)
    (root / "private.py").chmod(0)
    script = """
from codelab.config.places import find_places
from codelab.config.settings import Settings
from codelab.index.building.build import index_worktree
import pathlib, sys
status = index_worktree(pathlib.Path(sys.argv[1]), find_places(), Settings())
print(status.files, sorted((one.path, one.reason) for one in status.skipped))
"""
    try:
        done = run_without_rights(script, root)
    finally:
        (root / "closed").chmod(0o700)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "2 [('closed', 'the folder cannot be read (Permission denied)'), ('private.py', 'cann"
    )


def run_without_rights(script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as somebody whom file permissions bind."""
    return subprocess.run(
        [sys.executable, "-c", GIVE_UP_RIGHTS + script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


FAILING = """
from codelab.config.places import find_places
from codelab.config.settings import Settings
from codelab.core.errors import StateError
from codelab.index.building.build import index_worktree
import pathlib, resource, sys
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    print(index_worktree(pathlib.Path(sys.argv[1]), find_places(), Settings()).files)
except StateError as error:
    print(error)
"""


@pytest.mark.req("INDEX-1")
def test_a_cache_folder_that_cannot_be_written_is_told_in_words(root: Path, places: Places) -> None:
    write(root, CODE)
    places.cache.mkdir(parents=True)
    places.cache.chmod(0o500)
    done = run_without_rights(FAILING, root)
    places.cache.chmod(0o700)
    assert "cannot be used" in done.stdout
    assert "Make it writable, or set CODELAB_HOME" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.req("INDEX-1")
@pytest.mark.slow
def test_a_full_disk_is_told_in_words_and_the_next_sweep_goes_on(root: Path, index: Index) -> None:
    write(root, "".join(f"== m{n}.py\ndef name_{n}(value):\n    return value\n" for n in range(600)))
    done = run_without_rights(FAILING, root, root)
    assert "The index" in done.stdout
    assert "Traceback" not in done.stderr
    assert index().files == 600


@pytest.mark.req("INDEX-1")
@pytest.mark.parametrize("damage", ["rubbish", "empty", "other version", "torn", "older recipe"])
def test_a_damaged_index_is_made_afresh(
    root: Path, places: Places, index: Index, reader: IndexReader, damage: str
) -> None:
    write(root, CODE)
    index()
    assert reader.search("charge card")
    path = database.database_path(index_folder(places, find_repository(root)))
    spoil(path, damage)
    assert isinstance(reader.search("charge card"), list), "search keeps answering"
    assert index().files == 2
    assert paths(reader.search("charge card"))[0] == "app/payments.py"


def spoil(path: Path, damage: str) -> None:
    """Damage an index in one way."""
    if damage == "rubbish":
        path.write_bytes(b"not a database " * 1000)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "torn":
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] + b"\xaa" * (len(data) // 4))
    else:
        connection = sqlite.connect(path)
        change = (
            "PRAGMA user_version = 9999" if damage == "other version" else "UPDATE made_by SET recipe = 'old'"
        )
        connection.execute(change)
        connection.close()


@pytest.mark.req("INDEX-1")
def test_an_index_deleted_under_a_running_indexer_is_made_again(
    root: Path, places: Places, pool: ParserPool, reader: IndexReader
) -> None:
    write(root, CODE)
    with WorktreeIndexer(root, places, Settings(), pool=pool) as indexer:
        indexer.sweep()
        database.remove(indexer.folder)
        assert indexer.is_lost()
        write(root, "== more.py\ndef one_more():\n    pass\n")
        assert indexer.update(["more.py"]).files == 3
        assert not indexer.is_lost()
    assert reader.find_symbols("charge_card")


@pytest.mark.req("INDEX-1")
def test_updates_take_up_files_and_folders_that_come_and_go(
    root: Path, places: Places, pool: ParserPool, reader: IndexReader
) -> None:
    write(root, CODE + "\n== .gitignore\nignored/\n")
    with WorktreeIndexer(root, places, Settings(), pool=pool) as indexer:
        assert indexer.sweep().files == 3
        write(
            root, "== new/deep/a.py\ndef deep_down():\n    pass\n== ignored/b.py\ndef not_seen():\n    pass\n"
        )
        assert indexer.update(["new", "ignored/b.py", "gone.tmp"]).files == 4
        assert reader.find_symbols("deep_down")
        assert reader.find_symbols("not_seen") == []
        (root / "new").rename(root / "moved")
        indexer.update(["new", "moved"])
        assert [s.path for s in reader.find_symbols("deep_down")] == ["moved/deep/a.py"]
        shutil.rmtree(root / "app")
        assert indexer.update(["app"]).files == 2


@pytest.mark.req("INDEX-1")
def test_progress_is_told_and_a_stopped_sweep_goes_on_later(root: Path, places: Places) -> None:
    pool = ParserPool(processes=1)
    write(root, "".join(f"== m{n}.py\ndef name_{n}():\n    pass\n" for n in range(900)))
    told: list[IndexStatus] = []
    with (
        WorktreeIndexer(
            root,
            places,
            Settings(),
            progress=told.append,
            cancelled=lambda: any(s.files for s in told),
            pool=pool,
        ) as indexer,
        pytest.raises(Cancelled),
    ):
        indexer.sweep()
    stopped_at = told[-1].files
    assert 0 < stopped_at < 900
    with WorktreeIndexer(root, places, Settings(), progress=told.append, pool=pool) as indexer:
        assert indexer.status().files == stopped_at
        assert indexer.sweep().files == 900
    pool.close()
    assert told[-1].state == "fresh"
    assert {status.state for status in told[:-1]} == {"building"}


@pytest.mark.req("INDEX-1")
def test_the_plain_function_indexes_and_refuses_what_is_no_folder(
    tmp_path: Path, root: Path, places: Places
) -> None:
    assert replace(index_worktree(root, places, Settings()), updated_at=0).files == 0
    with pytest.raises(InputError):
        index_worktree(tmp_path / "nowhere", places, Settings())


@pytest.mark.req("INDEX-1")
def test_a_cache_that_is_no_folder_is_told_in_words(root: Path, places: Places) -> None:
    places.cache.parent.mkdir(parents=True, exist_ok=True)
    places.cache.write_text("in the way")
    with pytest.raises(StateError, match="set CODELAB_HOME"):
        index_worktree(root, places, Settings())


@pytest.mark.req("INDEX-1")
def test_the_folder_of_an_index_is_for_the_person_alone(root: Path, places: Places, index: Index) -> None:
    write(root, "== a.py\ndef f():\n    pass\n")
    folder = index_folder(places, find_repository(root))
    folder.mkdir(parents=True)
    folder.chmod(0o755)  # as one of before may be
    index()
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.req("INDEX-4")
def test_a_name_of_one_letter_is_found_where_it_is_defined(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, "== a.py\ndef f():\n    return 1\n== b.py\ndef g():\n    return f()\n")
    index()
    assert [hit.path for hit in reader.search("f")][:1] == ["a.py"]
