"""Faces live while they hold their lock; files are seen as living faces show them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.core.errors import InputError, NotFound, PathRefused
from codelab.store.overlay import Overlay
from codelab.workspace.faces import FaceRecord, FaceRegistry
from codelab.workspace.view import WorkspaceView
from tests.support.killing import Victim

FACE = """
import sys, time
from pathlib import Path
from codelab.workspace.faces import FaceRecord, FaceRegistry
from codelab.store.overlay import Overlay
folder = Path(sys.argv[1])
registry = FaceRegistry.open(folder / "faces", FaceRecord("child", "lsp", "Neovim", True, 1.0))
overlay = Overlay.open(folder, "child", registry.alive)
overlay.put("a.py", "unsaved in the child\\n")
overlay.flush()
print("here", flush=True)
time.sleep(600)
"""


def face(face_id: str, started_at: float = 2.0) -> FaceRecord:
    return FaceRecord(face_id, "cli", "terminal", False, started_at)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[FaceRegistry]:
    registry = FaceRegistry.open(tmp_path / "cache" / "faces", face("mine"))
    yield registry
    registry.close()


@pytest.fixture
def overlay(tmp_path: Path, registry: FaceRegistry) -> Iterator[Overlay]:
    overlay = Overlay.open(tmp_path / "cache", "mine", registry.alive)
    yield overlay
    overlay.close()


@pytest.mark.req("CARD-6")
def test_a_killed_face_is_dead_at_once_and_its_unsaved_text_with_it(
    tmp_path: Path, registry: FaceRegistry, overlay: Overlay
) -> None:
    victim = Victim(FACE, tmp_path / "cache")
    victim.wait_for_lines(1)
    assert registry.alive("child")
    assert [record.id for record in registry.living()] == ["child", "mine"]
    assert registry.living()[0] == FaceRecord("child", "lsp", "Neovim", True, 1.0)
    view = WorkspaceView(tmp_path, overlay)
    assert view.read("a.py").text == "unsaved in the child\n"
    assert view.read("a.py").face == "child"
    victim.kill()
    assert not registry.alive("child")
    with pytest.raises(NotFound):
        view.read("a.py")
    assert [record.id for record in registry.living()] == ["mine"]
    assert {path.name for path in (tmp_path / "cache" / "faces").iterdir()} == {"mine.json", "mine.lock"}
    overlay.flush()


@pytest.mark.req("CARD-6")
def test_a_face_that_left_is_dead_and_leaves_nothing(tmp_path: Path, registry: FaceRegistry) -> None:
    other = FaceRegistry.open(tmp_path / "cache" / "faces", face("other"))
    assert registry.alive("other")
    assert other.alive("mine")
    with pytest.raises(InputError, match="running already"):
        FaceRegistry.open(tmp_path / "cache" / "faces", face("other"))
    other.close()
    other.close()
    assert not registry.alive("other")
    assert not other.alive("other")
    assert not registry.alive("../other")
    assert [record.id for record in registry.living()] == ["mine"]


@pytest.mark.req("CARD-6")
def test_an_id_that_cannot_name_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        FaceRegistry.open(tmp_path, face("../evil"))


@pytest.mark.req("CARD-6")
def test_a_broken_record_of_a_face_is_passed_over(tmp_path: Path, registry: FaceRegistry) -> None:
    other = FaceRegistry.open(tmp_path / "cache" / "faces", face("other"))
    (tmp_path / "cache" / "faces" / "other.json").write_text("{")
    assert registry.alive("other")
    assert [record.id for record in registry.living()] == ["mine"]
    other.close()


@pytest.mark.req("INDEX-7")
def test_a_file_is_seen_as_the_editor_shows_it_else_as_it_is_on_disk(
    tmp_path: Path, overlay: Overlay
) -> None:
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfdisk\r\n")
    view = WorkspaceView(tmp_path, overlay)
    seen = view.read("a.py")
    assert (seen.text, seen.data, seen.unsaved, seen.face) == ("disk\r\n", b"\xef\xbb\xbfdisk\r\n", False, "")
    overlay.put("a.py", "buffer\r\n")
    seen = view.read("a.py")
    assert (seen.text, seen.data, seen.unsaved, seen.face) == (
        "buffer\r\n",
        b"\xef\xbb\xbfbuffer\r\n",
        True,
        "mine",
    )
    overlay.drop("a.py")
    assert view.read("a.py").text == "disk\r\n"


@pytest.mark.req("INDEX-7")
def test_a_buffer_that_its_file_cannot_hold_is_seen_as_utf_8(tmp_path: Path, overlay: Overlay) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    view = WorkspaceView(tmp_path, overlay)
    overlay.put("latin", "café →")
    assert view.read("latin").data == "café →".encode()
    overlay.put("latin", "café!")
    assert view.read("latin").data == b"caf\xe9!"


@pytest.mark.req("SAFE-5")
def test_a_link_is_not_seen(tmp_path: Path, overlay: Overlay) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(PathRefused):
        WorkspaceView(tmp_path, overlay).read("link")
