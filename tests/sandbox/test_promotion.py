"""Bringing over what a command changed, while somebody swaps folders of the workspace for links."""

from contextlib import suppress
from pathlib import Path

import pytest

from codelab.core.errors import CodeLabError
from codelab.sandbox.difference import read_difference
from codelab.sandbox.stage import Stage
from codelab.workspace.files import content_hash, write_atomic
from tests.programme.volume import Volume
from tests.support.swapping import swapped_folder


def made_stage(tmp_path: Path) -> tuple[Path, Path, Stage]:
    """Return a workspace, a folder outside of it, and the layer of a command that wrote to ``sub``."""
    root, outside, stage = tmp_path / "work", tmp_path / "outside", tmp_path / "job"
    for folder in (root / "sub", outside, stage / "upper/sub"):
        folder.mkdir(parents=True)
    (root / "sub/x.txt").write_text("inside\n")
    (outside / "x.txt").write_text("outside\n")
    (stage / "upper/sub/x.txt").write_text("planted\n")
    (stage / "upper/sub/new.txt").write_text("planted\n")
    return root, outside, Stage(stage, (), False, (), 1 << 62)


def promote(root: Path, stage: Stage) -> int:
    """Bring over what can be; return how much that was."""
    made = 0
    for file in read_difference(stage, root).files:
        with suppress(CodeLabError):
            write_atomic(root, file.path, file.after, expected=content_hash(file.before))
            made += 1
    return made


def check_races(tmp_path: Path, rounds: int) -> None:
    """Promote again and again during swaps; nothing outside may change."""
    root, outside, stage = made_stage(tmp_path)
    made = 0
    with swapped_folder(root):
        for number in range(rounds):
            (stage.upper / "sub/x.txt").write_text(f"planted {number}\n")
            made += promote(root, stage)
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"x.txt": "outside\n"}
    assert made > 0


@pytest.mark.programme("races")
@pytest.mark.req("SAFE-5", "SAFE-6")
def test_no_change_of_a_command_is_written_through_a_link_that_is_swapped_in(
    tmp_path: Path, volume: Volume
) -> None:
    check_races(tmp_path, volume(300, 20_000))


@pytest.mark.req("SAFE-5")
def test_writing_by_name_would_go_through_the_link(tmp_path: Path) -> None:
    root, outside, _ = made_stage(tmp_path)
    with swapped_folder(root):
        for _ in range(20_000):
            place = root / "sub/x.txt"
            with suppress(OSError):
                if place.resolve().is_relative_to(root):
                    place.write_text("planted\n")
            if (outside / "x.txt").read_text() != "outside\n":
                break
    assert (outside / "x.txt").read_text() == "planted\n"


@pytest.mark.req("SAFE-6")
def test_a_file_that_changed_in_the_workspace_meanwhile_is_left(tmp_path: Path) -> None:
    root, _, stage = made_stage(tmp_path)
    before = Stage(stage.path, (), False, (), 0)  # began before the file of the workspace was written
    difference = read_difference(before, root)
    assert [file.path for file in difference.files] == ["sub/new.txt"]
    assert difference.left == (("sub/x.txt", "it was changed in the workspace while the command ran"),)
    later = read_difference(stage, root)  # the control
    assert [file.path for file in later.files] == ["sub/new.txt", "sub/x.txt"]
