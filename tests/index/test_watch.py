"""The watcher by itself: what it gives, and what it says when it cannot see."""

import os
import time
from pathlib import Path

import pytest

from codelab.index.files.watch import EVERYTHING, EXCLUDE_FILE, MANY_CHANGES, Watcher
from tests.index.helpers import PATIENCE_SECONDS


def gathered(watcher: Watcher, wanted: str) -> set[str]:
    """Return what a watcher gives until something wanted is in it."""
    found: set[str] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while wanted not in found:
        assert time.monotonic() < deadline, f"it never came, only {sorted(found)[:10]}"
        found |= watcher.next(0.1)
    return found


@pytest.mark.req("INDEX-1")
def test_changes_are_told_by_path_and_a_flood_of_them_as_everything(root: Path) -> None:
    (root / "node_modules").mkdir()
    crowd = root / "node_modules" / "crowd"
    crowd.mkdir()
    for number in range(3 * MANY_CHANGES):
        (crowd / f"{number}.js").touch()
    watcher = Watcher(root)
    watcher.start()
    assert watcher.ready.wait(PATIENCE_SECONDS)
    (root / "node_modules" / "one.js").touch()
    (root / "seen.py").touch()
    assert gathered(watcher, "seen.py") == {"seen.py"}, "the control: a few do not matter there"
    # On a busy machine the events of a flood may come in portions: then another is needed.
    deadline, flooded = time.monotonic() + PATIENCE_SECONDS, False
    while not flooded:
        assert time.monotonic() < deadline
        for number in range(3 * MANY_CHANGES):
            path = crowd / f"{number}.js"
            path.unlink() if path.exists() else path.touch()
        flooded = EVERYTHING in watcher.next(1.0)
    watcher.stop()
    assert watcher.error == ""


@pytest.mark.req("INDEX-1")
def test_a_folder_that_cannot_be_watched_is_told(root: Path) -> None:
    watcher = Watcher(root / "missing")
    watcher.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not watcher.error:
        assert time.monotonic() < deadline
        watcher.next(0.01)
    assert watcher.error.startswith("Changes are seen late, by looking for them: ")
    assert not watcher.ready.is_set()
    watcher.stop()


@pytest.mark.req("INDEX-1")
def test_a_name_that_is_no_text_does_not_end_the_watching(root: Path) -> None:
    watcher = Watcher(root)
    watcher.start()
    assert watcher.ready.wait(PATIENCE_SECONDS)
    Path(os.fsdecode(os.fsencode(root) + b"/bad\xff.py")).touch()
    assert gathered(watcher, EVERYTHING)
    (root / "after.py").touch()
    assert gathered(watcher, "after.py")
    watcher.stop()
    assert watcher.error == ""


@pytest.mark.req("INDEX-1")
def test_what_a_linked_worktree_leaves_out_is_watched_in_the_git_folder_that_it_shares(root: Path) -> None:
    common = root.parent / "main" / ".git"
    (common / "info").mkdir(parents=True)
    watcher = Watcher(root, common)
    watcher.start()
    assert watcher.ready.wait(PATIENCE_SECONDS)
    (common / "info" / "other").touch()
    (root / "seen.py").touch()
    assert gathered(watcher, "seen.py") == {"seen.py"}, "the control: only one file matters there"
    (common / "info" / "exclude").write_text("*.log\n")
    assert gathered(watcher, EXCLUDE_FILE) == {EXCLUDE_FILE}
    watcher.stop()
    assert watcher.error == ""
