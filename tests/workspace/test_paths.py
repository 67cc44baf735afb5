"""Paths stay inside the workspace, as text and in the race against whoever swaps links."""

import os
import time
from pathlib import Path

import pytest

from codelab.core.errors import NotFound, PathRefused
from codelab.workspace import opening
from codelab.workspace.files import read_bytes
from codelab.workspace.opening import open_beneath, walk_open
from codelab.workspace.paths import relative
from tests.programme.volume import Volume
from tests.support.swapping import swapped_folder


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("src/a.py", "src/a.py"),
        ("./src//a.py", "src/a.py"),
        ("src/../a.py", "a.py"),
        (".", "."),
        ("a b/ü.py", "a b/ü.py"),
        ("..a/b..", "..a/b.."),
        ("aux.c", "aux.c"),
    ],
)
def test_a_path_is_brought_to_one_form(tmp_path: Path, text: str, path: str) -> None:
    assert relative(tmp_path, text, windows=False) == path
    if not text.startswith("."):
        assert relative(tmp_path, f"{tmp_path}/{text}", windows=False) == path


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "../a",
        "src/../../a",
        "/etc/passwd",
        "~/.ssh/id_rsa",
        "~",
        "a\0b",
        "\udcff",
        "{root}-evil/a",
        "{root}/../a",
    ],
)
def test_a_path_out_of_the_workspace_is_refused(tmp_path: Path, text: str) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (tmp_path / "work-evil").mkdir()
    with pytest.raises(PathRefused) as caught:
        relative(root, text.replace("{root}", str(root)))
    assert caught.value.why


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize(
    "text", ["con", "src/NUL.txt", "com1", "a./b", "b /c", "a:stream", "C:\\x", "..\\a", "a|b"]
)
def test_what_windows_takes_for_a_device_a_stream_or_another_file_is_refused_there(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(PathRefused):
        relative(tmp_path, text, windows=True)


@pytest.mark.req("SAFE-5")
def test_an_absolute_path_through_a_link_to_the_root_is_understood(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert relative(tmp_path / "link", str(tmp_path / "real" / "a.py")) == "a.py"


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A workspace with a secret beside it, and links of every kind that lead to it."""
    root = tmp_path / "work"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "file").write_text("inside")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("SECRET")
    (root / "folder-link").symlink_to(outside)
    (root / "file-link").symlink_to(outside / "file")
    (root / "inner-link").symlink_to("sub")
    (root / "dangling").symlink_to("nowhere")
    (root / "proc").symlink_to("/proc/self/cwd")
    return root


LINKS = ["folder-link/file", "file-link", "inner-link/file", "dangling", "proc/x"]


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize("path", LINKS)
def test_a_symlink_anywhere_in_a_path_is_refused(trap: Path, path: str) -> None:
    with pytest.raises(PathRefused, match="symbolic link"):
        open_beneath(trap, path, os.O_RDONLY)


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize("path", LINKS)
def test_the_step_by_step_way_refuses_the_same_links(trap: Path, path: str) -> None:
    root_fd = os.open(trap, os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="symbolic links"):
            os.close(walk_open(root_fd, path, os.O_RDONLY))
        os.close(walk_open(root_fd, "sub/file", os.O_RDONLY))
    finally:
        os.close(root_fd)


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize("path", LINKS)
def test_where_folders_have_no_descriptors_links_are_refused_by_looking(trap: Path, path: str) -> None:
    with pytest.raises(OSError, match="symbolic links"):
        opening._checked(trap, path)
    assert opening._checked(trap, "sub/file") == trap / "sub" / "file"


@pytest.mark.req("SAFE-5")
def test_opening_a_path_that_was_not_brought_to_its_form_is_refused(trap: Path) -> None:
    for path in ("../outside/file", "/etc/passwd", "sub/../../outside/file"):
        with pytest.raises(PathRefused):
            open_beneath(trap, path, os.O_RDONLY)


@pytest.mark.req("SAFE-5")
def test_a_missing_file_a_file_for_a_folder_and_a_folder_for_a_file_are_told_apart(trap: Path) -> None:
    with pytest.raises(NotFound):
        read_bytes(trap, "sub/missing")
    with pytest.raises(PathRefused, match="not a folder"):
        read_bytes(trap, "sub/file/deeper")
    with pytest.raises(PathRefused, match="is a folder"):
        read_bytes(trap, "sub")


def read_by_checking_first(root: Path, path: str) -> bytes:
    """Read as many programs do: resolve, check, then open by name. The control."""
    full = root / path
    if not full.resolve(strict=True).is_relative_to(root.resolve()):
        raise PathRefused("outside")
    return full.read_bytes()


def read_step_by_step(root: Path, path: str) -> bytes:
    root_fd = os.open(root, os.O_RDONLY)
    try:
        fd = walk_open(root_fd, path, os.O_RDONLY)
    finally:
        os.close(root_fd)
    with os.fdopen(fd, "rb") as stream:
        return stream.read()


@pytest.mark.programme("races")
@pytest.mark.req("SAFE-5")
def test_no_swap_of_a_link_makes_a_read_leave_the_workspace_but_checking_first_does(
    tmp_path: Path, volume: Volume
) -> None:
    root = tmp_path / "work"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "file").write_text("inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("SECRET")
    lost = {read_bytes: 0, read_step_by_step: 0, read_by_checking_first: 0}
    inside, rounds = 0, volume(5_000, 20_000)
    with swapped_folder(root):
        for read in (read_bytes, read_step_by_step):
            for _ in range(rounds):
                try:
                    data = read(root, "sub/file")
                except (PathRefused, NotFound, OSError):
                    continue
                lost[read] += data == b"SECRET"
                inside += data == b"inside"
        guard = time.monotonic() + 60
        while not lost[read_by_checking_first] and time.monotonic() < guard:
            try:
                lost[read_by_checking_first] += read_by_checking_first(root, "sub/file") == b"SECRET"
            except (PathRefused, OSError):
                continue
    assert inside, "the reads never met the folder: the race was not run"
    assert lost[read_bytes] == 0
    assert lost[read_step_by_step] == 0
    assert lost[read_by_checking_first] > 0, "the control must lose, or the race proves nothing"
