"""Files are read whole or refused, and written whole or not at all."""

import errno
import os
import re
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codelab.core.errors import EditConflict, NotFound, PathRefused
from codelab.workspace.files import (
    ABSENT,
    content_hash,
    read_bytes,
    read_optional,
    sweep_temporary,
    write_atomic,
)
from codelab.workspace.temporary import is_temporary
from tests.programme.volume import Volume
from tests.support.killing import Victim
from tests.support.rights import GIVE_UP_RIGHTS
from tests.support.swapping import swapped_folder


def check_only(root: Path, *names: str) -> None:
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()) == sorted(
        names
    )


@pytest.mark.req("SAFE-5")
def test_what_is_no_plain_file_is_refused_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # a socket's path may not be long
        listener.bind("socket")
        for name, why in {
            "pipe": "a pipe",
            "folder": "a folder",
            "link": "symbolic link",
            "socket": "No such device",
        }.items():
            with pytest.raises(PathRefused, match=why):
                read_bytes(tmp_path, name)
    with pytest.raises(PathRefused, match="a device"):
        read_bytes(Path("/dev"), "null")


@pytest.mark.req("SAFE-5", "INDEX-1")
def test_a_file_above_ten_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as stream:
        stream.truncate(50_000_000)
    with pytest.raises(PathRefused, match="more than 10 MB"):
        read_bytes(tmp_path, "big")
    (tmp_path / "fits").write_bytes(b"x" * 10_000_000)
    assert len(read_bytes(tmp_path, "fits")) == 10_000_000


@pytest.mark.req("SAFE-8")
def test_a_file_is_created_with_its_folders_replaced_and_deleted(tmp_path: Path) -> None:
    write_atomic(tmp_path, "a/b/c.py", b"one", expected=ABSENT)
    write_atomic(tmp_path, "a/b/c.py", b"two", expected=content_hash(b"one"))
    assert read_bytes(tmp_path, "a/b/c.py") == b"two"
    check_only(tmp_path, "a/b/c.py")
    write_atomic(tmp_path, "a/b/c.py", None, expected=content_hash(b"two"))
    assert read_optional(tmp_path, "a/b/c.py") is None
    write_atomic(tmp_path, "a/b/c.py", None, expected=ABSENT)


@pytest.mark.req("SAFE-2", "SAFE-8")
def test_a_file_that_is_not_what_was_approved_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"the person's")
    for data in (b"new", None):
        for expected in (content_hash(b"old"), ABSENT):
            with pytest.raises(EditConflict):
                write_atomic(tmp_path, "a", data, expected=expected)
    with pytest.raises(EditConflict, match="gone"):
        write_atomic(tmp_path, "missing/b", b"new", expected=content_hash(b"old"))
    assert (tmp_path / "a").read_bytes() == b"the person's"
    check_only(tmp_path, "a")
    assert not (tmp_path / "missing").exists()


@pytest.mark.req("SAFE-5")
def test_a_write_through_a_link_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "target").write_bytes(b"precious")
    root = tmp_path / "work"
    root.mkdir()
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "target")
    for path in ("folder/new", "folder/target", "file", "folder/deeper/new"):
        for expected in (ABSENT, content_hash(b"precious")):
            with pytest.raises(PathRefused, match="symbolic link"):
                write_atomic(root, path, b"evil", expected=expected)
    assert (outside / "target").read_bytes() == b"precious"
    check_only(outside, "target")


@pytest.mark.req("SAFE-8")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o640])
def test_permission_bits_are_kept(tmp_path: Path, mode: int) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(mode)
    write_atomic(tmp_path, "a", b"new", expected=content_hash(b"old"))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode
    write_atomic(tmp_path, "b", b"new", expected=ABSENT, mode=mode)
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == mode


@pytest.mark.req("SAFE-8")
def test_a_new_file_has_the_permissions_that_the_person_gives_new_files(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"")
    write_atomic(tmp_path, "ours", b"", expected=ABSENT)
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


@pytest.mark.req("SAFE-8")
def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    if not hasattr(os, "setxattr"):
        return
    (tmp_path / "a").write_bytes(b"old")
    try:
        os.setxattr(tmp_path / "a", "user.note", b"mine")
    except OSError as error:
        assert error.errno in (errno.ENOTSUP, errno.EPERM)
        return
    write_atomic(tmp_path, "a", b"new", expected=content_hash(b"old"))
    assert os.getxattr(tmp_path / "a", "user.note") == b"mine"


@pytest.mark.req("SAFE-5")
def test_the_other_names_of_a_file_keep_their_content(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "outside").write_bytes(b"old")
    os.link(tmp_path / "outside", tmp_path / "work" / "a")
    write_atomic(tmp_path / "work", "a", b"new", expected=content_hash(b"old"))
    assert (tmp_path / "outside").read_bytes() == b"old"
    assert (tmp_path / "work" / "a").read_bytes() == b"new"


@pytest.mark.req("SAFE-5")
def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o444)
    with pytest.raises(PathRefused, match="read-only"):
        write_atomic(tmp_path, "a", b"new", expected=content_hash(b"old"))


WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
from codelab.workspace.files import ABSENT, content_hash, write_atomic
for path, expected in (("a", content_hash(b"old")), ("new", ABSENT), ("sub/new", ABSENT)):
    try: write_atomic(Path(sys.argv[1]), path, b"new", expected=expected)
    except Exception as error: print(type(error).__name__, error)
"""


@pytest.mark.req("SAFE-8")
def test_a_read_only_folder_is_told_in_words_and_nothing_is_lost(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (root / "a").write_bytes(b"old")
    root.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", GIVE_UP_RIGHTS + WITHOUT_RIGHTS, str(root)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    root.chmod(0o755)
    assert done.stdout.count("PathRefused") == 3, done.stdout + done.stderr
    assert done.stdout.count("Permission denied") == 3
    check_only(root, "a")
    assert (root / "a").read_bytes() == b"old"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from codelab.workspace.files import ABSENT, content_hash, write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for path, expected in (("a", content_hash(b"old")), ("new", ABSENT), ("deep/er/new", ABSENT)):
    try: write_atomic(Path(sys.argv[1]), path, b"x" * 200_000, expected=expected)
    except Exception as error: print(type(error).__name__, error)
"""


@pytest.mark.req("SAFE-8")
def test_a_full_disk_is_told_in_words_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.count("StateError") == 3, done.stdout + done.stderr
    assert done.stdout.count("disk is full") == 3
    check_only(tmp_path, "a")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert not (tmp_path / "deep").exists()


# Writes one file again and again, now one letter all over and then another, and says when it has begun.
WRITER = """
import sys
import time
from pathlib import Path
from codelab.workspace.files import content_hash, write_atomic
root = Path(sys.argv[1])
letters = [b"%c" % letter * 400_000 for letter in b"ab"]
print("begun", flush=True)
while True:
    for old, new in (letters, letters[::-1]):
        write_atomic(root, "file", new, expected=content_hash(old))
        print("written", flush=True)
"""

TEARING_WRITER = """
import sys
import time
from pathlib import Path
path = Path(sys.argv[1]) / "file"
print("begun", flush=True)
while True:
    for letter in b"ab":
        with open(path, "wb") as stream:
            for _ in range(400):
                stream.write(b"%c" % letter * 1000)
                stream.flush()
"""


def is_whole(data: bytes) -> bool:
    return len(data) == 400_000 and len(set(data)) == 1


@pytest.mark.programme("writes")
@pytest.mark.req("SAFE-8")
def test_no_kill_tears_a_file_and_what_it_leaves_is_swept(tmp_path: Path, volume: Volume) -> None:
    left = 0
    kills = volume(8, 1_000)
    for kill in range(kills):
        (tmp_path / "file").write_bytes(b"a" * 400_000)
        victim = Victim(WRITER, tmp_path)
        victim.wait_for_lines(1 + kill % 7)
        victim.kill()
        assert is_whole((tmp_path / "file").read_bytes())
        left += sum(is_temporary(path.name) for path in tmp_path.iterdir())
        sweep_temporary(tmp_path, ["file"])
        check_only(tmp_path, "file")
    assert left or kills < 30, "no kill fell into a write: the kills prove nothing"


@pytest.mark.req("SAFE-8")
def test_plain_writing_is_torn_by_the_same_kills(tmp_path: Path) -> None:
    torn = 0
    for _ in range(40):
        (tmp_path / "file").write_bytes(b"a" * 400_000)
        victim = Victim(TEARING_WRITER, tmp_path)
        victim.wait_for_lines(1)
        victim.kill()
        if torn := not is_whole((tmp_path / "file").read_bytes()):
            break
    assert torn, "the control must tear, or the kills prove nothing"


# Stops itself in the middle of a write, after the temporary file is there.
STOPPED = """
import os, signal, sys
from pathlib import Path
from codelab.workspace import files
os.link = lambda *a, **k: (print("there", flush=True), signal.pause())
files.write_atomic(Path(sys.argv[1]), "file", b"new", expected=files.ABSENT)
"""


@pytest.mark.req("SAFE-8")
def test_the_temporary_file_of_a_living_write_is_not_swept_and_that_of_a_dead_one_is(tmp_path: Path) -> None:
    victim = Victim(STOPPED, tmp_path)
    victim.wait_for_lines(1)
    assert sweep_temporary(tmp_path, ["file"]) == []
    victim.kill()
    (removed,) = sweep_temporary(tmp_path, ["file", "missing/other"])
    assert re.fullmatch(r"\.codelab-[0-9a-f]{16}\.tmp", removed)
    check_only(tmp_path)


@pytest.mark.req("SAFE-2")
def test_of_two_who_create_one_file_neither_overwrites_the_other(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sys; from pathlib import Path; from codelab.workspace.files import *\n"
                "made = []\n"
                "for n in range(60):\n"
                "    try: write_atomic(Path(sys.argv[1]), f'f{n}', sys.argv[2].encode(), expected=ABSENT)\n"
                "    except Exception: continue\n"
                "    made.append(n)\n"
                "print(*made)\n",
                str(tmp_path),
                name,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    made = [set(map(int, writer.communicate(timeout=60)[0].split())) for writer in writers]
    assert not made[0] & made[1]
    assert made[0] | made[1] == set(range(60))
    for number, name in [
        (n, name) for numbers, name in zip(made, ("one", "two"), strict=True) for n in numbers
    ]:
        assert (tmp_path / f"f{number}").read_text() == name


@pytest.mark.req("SAFE-8")
def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_bytes(tmp_path, "missing")
    assert content_hash(None) == ABSENT != content_hash(b"")


def write_by_checking_first(root: Path, path: str, data: bytes) -> None:
    """Write as many programs do: resolve, check, then open by name. The control."""
    full = root / path
    if not full.resolve().is_relative_to(root.resolve()):
        raise PathRefused("outside")
    full.write_bytes(data)


@pytest.mark.programme("races")
@pytest.mark.req("SAFE-5")
def test_no_swap_of_a_link_makes_a_write_or_a_delete_leave_the_workspace(
    tmp_path: Path, volume: Volume
) -> None:
    root, outside = tmp_path / "work", tmp_path / "outside"
    (root / "sub").mkdir(parents=True)
    outside.mkdir()
    (outside / "victim").write_bytes(b"x")
    (root / "sub" / "victim").write_bytes(b"x")
    victim, number, written = content_hash(b"x"), 0, 0
    rounds = volume(100, 20_000)
    with swapped_folder(root):
        guard = time.monotonic() + 60
        # A busy machine may stop the swapper for a while with the link in place: then nothing is written.
        while number < rounds or (not written and time.monotonic() < guard):
            number += 1
            for path, data, expected in (
                (f"sub/new{number}", b"x", ABSENT),
                ("sub/victim", b"x", victim),
                (f"sub/new{number}", None, victim),
            ):
                try:
                    write_atomic(root, path, data, expected=expected)
                    written += 1
                except (PathRefused, NotFound, EditConflict):
                    continue
        assert [path.name for path in outside.iterdir()] == ["victim"]
        guard = time.monotonic() + 60
        while not (outside / "escaped").exists() and time.monotonic() < guard:
            try:
                write_by_checking_first(root, "sub/escaped", b"x")
            except (PathRefused, OSError):
                continue
    assert written, "no write met the folder: the race was not run"
    assert (outside / "escaped").exists(), "the control must lose, or the race proves nothing"
