"""Unsaved buffers: a face's own at once, those of living faces through the file."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from codelab.core.errors import StateError
from codelab.store import sqlite
from codelab.store.overlay import Buffer, Overlay

Opener = Callable[..., Overlay]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    with ExitStack() as stack:

        def open_overlay(face: str, dead: set[str] | None = None) -> Overlay:
            overlay = Overlay.open(tmp_path / "cache", face, lambda other: other not in (dead or set()))
            stack.callback(overlay.close)
            return overlay

        yield open_overlay


def texts(overlay: Overlay) -> dict[str, str]:
    return {path: buffer.text for path, buffer in overlay.buffers().items()}


@pytest.mark.req("INDEX-7")
def test_own_buffers_are_answered_at_once_and_others_after_they_are_written(opened: Opener) -> None:
    one, two = opened("one"), opened("two")
    one.put("a.py", "x = 1\n")
    assert one.buffers() == {"a.py": Buffer("a.py", "x = 1\n", "one")}
    one.flush()
    assert two.buffers() == {"a.py": Buffer("a.py", "x = 1\n", "one")}
    one.put("a.py", "odd \udcff\0 😀")
    one.flush()
    assert texts(two) == {"a.py": "odd \udcff\0 😀"}
    one.drop("a.py")
    one.drop("never there")
    one.flush()
    assert texts(two) == texts(one) == {}


@pytest.mark.req("INDEX-7")
def test_of_one_file_in_several_faces_ones_own_buffer_wins_else_the_latest(opened: Opener) -> None:
    one, two, three = opened("one"), opened("two"), opened("three")
    for overlay, text in ((two, "two"), (one, "one")):
        overlay.put("a", text)
        overlay.flush()
    assert (texts(one), texts(two), texts(three)) == ({"a": "one"}, {"a": "two"}, {"a": "one"})


@pytest.mark.req("INDEX-7")
def test_buffers_of_dead_faces_are_left_out_and_swept(opened: Opener, tmp_path: Path) -> None:
    dead: set[str] = set()
    one, two = opened("one"), opened("two", dead)
    one.put("a", "text")
    one.flush()
    assert texts(two) == {"a": "text"}
    dead.add("one")
    assert texts(two) == {}
    two.flush()
    with closing(sqlite.connect(tmp_path / "cache" / "overlay.db", read_only=True)) as db:
        assert db.execute("SELECT * FROM buffers").fetchall() == []


@pytest.mark.req("INDEX-7")
def test_a_closed_overlay_leaves_nothing(opened: Opener) -> None:
    one, two = opened("one"), opened("two")
    one.put("a", "text")
    one.flush()
    one.put("b", "not yet written")
    one.close()
    one.close()
    assert texts(two) == {}


@pytest.mark.req("INDEX-7", "LEARN-6")
def test_a_keystroke_never_waits_for_the_file(opened: Opener, tmp_path: Path) -> None:
    one = opened("one")
    with closing(sqlite.connect(tmp_path / "cache" / "overlay.db")) as other:
        other.execute("BEGIN IMMEDIATE")  # whoever writes now waits up to ten seconds
        done = threading.Event()

        def type_on() -> None:
            for number in range(1000):
                one.put("a", f"text {number}")
                assert one.buffers()["a"].text == f"text {number}"
            done.set()

        threading.Thread(target=type_on, daemon=True).start()
        assert done.wait(8), "typing waited for the lock"
        other.execute("ROLLBACK")
    one.flush()
    assert texts(opened("two")) == {"a": "text 999"}


@pytest.mark.req("INDEX-7")
def test_a_damaged_overlay_is_replaced_and_the_buffers_go_on(opened: Opener, tmp_path: Path) -> None:
    one = opened("one")
    one.put("a", "first")
    one.flush()
    path = tmp_path / "cache" / "overlay.db"
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    path.write_bytes(b"garbage " * 1000)
    two = opened("two")
    one.put("b", "second")
    one.flush()
    assert texts(two) == {"a": "first", "b": "second"}
    assert texts(one) == {"a": "first", "b": "second"}


@pytest.mark.req("INDEX-7")
def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError):
        Overlay.open(tmp_path / "file", "one", lambda _: True)
    assert os.listdir(tmp_path) == ["file"]
