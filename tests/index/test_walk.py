"""What a walk finds, and what it leaves out and why."""

import os
from pathlib import Path

import pytest

from codelab.core.errors import InputError
from codelab.index.files.repository import find_repository
from codelab.index.files.walk import Walker
from tests.index.helpers import write

TREE = """
== app/main.py
== app/util.py
"""


def check_walk(root: Path, files: set[str], refused: dict[str, str] | None = None, **options: object) -> None:
    """Check that a walk finds just these files, and refuses these for reasons with these words in them."""
    walker = Walker(find_repository(root), **({"max_file_bytes": 1000} | options))  # type: ignore[arg-type]
    for _ in range(2):  # the second walk answers from memory
        found = walker.walk()
        assert set(found.files) == files
        assert set(found.refused) == set(refused or {})
        for path, words in (refused or {}).items():
            assert words in found.refused[path]


def make_repository(folder: Path) -> Path:
    """Lay out the part of a git folder that tells that it is one."""
    git = folder / ".git"
    (git / "info").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    return git


@pytest.mark.req("INDEX-1")
def test_gitignore_rules_count_at_every_level_and_the_deeper_one_wins(root: Path) -> None:
    write(
        root,
        """
        == .gitignore
        *.log
        /only_top.py
        !app/keep.log
        cache/
        == only_top.py
        == app/only_top.py
        == app/keep.log
        == app/drop.log
        == app/cache/x.py
        == deep/.gitignore
        !*.log
        x*.py
        == deep/some.log
        == deep/x1.py
        == deep/y.py
        """,
    )
    check_walk(
        root,
        {".gitignore", "app/only_top.py", "app/keep.log", "deep/.gitignore", "deep/some.log", "deep/y.py"},
    )


@pytest.mark.req("INDEX-1")
def test_the_exclude_file_of_the_repository_and_the_setting_count_too(root: Path) -> None:
    write(root, TREE + "\n== private/a.py\n== notes/b.py\n")
    (make_repository(root) / "info" / "exclude").write_text("private/\n")
    check_walk(root, {"app/main.py", "app/util.py"}, exclude=("notes/",))
    check_walk(root, {"app/main.py", "app/util.py", "notes/b.py"})


@pytest.mark.req("INDEX-1")
def test_rules_from_above_a_workspace_inside_a_repository_count(tmp_path: Path, root: Path) -> None:
    make_repository(tmp_path)
    write(tmp_path, "== .gitignore\n/workspace/app/util.py\nskipped/\n")
    write(root, TREE + "\n== skipped/x.py\n")
    check_walk(root, {"app/main.py"})


@pytest.mark.req("INDEX-1")
def test_an_ignored_folder_opened_as_a_workspace_is_not_empty(tmp_path: Path, root: Path) -> None:
    make_repository(tmp_path)
    write(tmp_path, "== .gitignore\nworkspace/\n")
    write(root, TREE)
    check_walk(root, {"app/main.py", "app/util.py"})


@pytest.mark.req("INDEX-1")
def test_changed_rules_count_at_the_next_walk(root: Path) -> None:
    write(root, TREE)
    walker = Walker(find_repository(root), 1000)
    assert set(walker.walk().files) == {"app/main.py", "app/util.py"}
    (root / "app" / ".gitignore").write_text("util.py\n")
    assert set(walker.walk().files) == {"app/main.py", "app/.gitignore"}
    (root / "app" / ".gitignore").unlink()
    assert set(walker.walk().files) == {"app/main.py", "app/util.py"}


@pytest.mark.req("INDEX-1")
def test_build_and_dependency_folders_are_left_out_but_not_sources_of_the_same_name(root: Path) -> None:
    write(
        root,
        """
        == node_modules/x/index.js
        == .venv/lib/x.py
        == app/__pycache__/x.py
        == dist/x.js
        == target/x.rs
        == web/package.json
        {}
        == web/dist/x.js
        == tools/build/main.py
        == coverage/__init__.py
        == coverage/data.py
        """,
    )
    check_walk(root, {"web/package.json", "tools/build/main.py", "coverage/__init__.py", "coverage/data.py"})


@pytest.mark.req("INDEX-1")
def test_a_build_folder_that_the_rules_ask_for_is_kept(root: Path) -> None:
    write(root, "== .gitignore\n!dist/\n== dist/x.js\n")
    check_walk(root, {".gitignore", "dist/x.js"})


@pytest.mark.req("INDEX-1")
def test_nested_repositories_bring_their_own_rules(root: Path) -> None:
    make_repository(root)
    write(root, TREE + "\n== .gitignore\n*.txt\n== inner/a.txt\n== inner/b.py\n== inner/.gitignore\nb.py\n")
    make_repository(root / "inner")
    check_walk(root, {"app/main.py", "app/util.py", ".gitignore", "inner/a.txt", "inner/.gitignore"})


@pytest.mark.req("INDEX-1")
def test_another_worktree_of_the_repository_inside_it_is_left_out(root: Path) -> None:
    git = make_repository(root)
    inside = git / "worktrees" / "other"
    inside.mkdir(parents=True)
    (inside / "HEAD").write_text("ref: refs/heads/other\n")
    (inside / "commondir").write_text("../..\n")
    write(root, TREE + f"\n== other/.git\ngitdir: {inside}\n== other/app/main.py\n")
    check_walk(root, {"app/main.py", "app/util.py"}, {"other": "another worktree"})
    assert find_repository(root / "other").common == find_repository(root).common


@pytest.mark.req("INDEX-1")
def test_links_are_not_followed_and_a_loop_is_harmless(tmp_path: Path, root: Path) -> None:
    write(tmp_path, "== outside/stolen.py\n")
    write(root, TREE)
    (root / "loop").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "file.py").symlink_to(tmp_path / "outside" / "stolen.py")
    words = "a symbolic link"
    check_walk(root, {"app/main.py", "app/util.py"}, {"loop": words, "out": words, "file.py": words})


@pytest.mark.req("INDEX-1")
def test_files_with_secrets_large_and_binary_ones_and_odd_names_are_reported(root: Path) -> None:
    write(root, "== .env\nKEY=1\n== .env.example\nKEY=\n== id_rsa\n== logo.png\n== yarn.lock\n")
    (root / "large.py").write_bytes(b"#" * 1001)
    (root / "largest.py").write_bytes(b"#" * 1000)
    (root / "new\nline.py").write_text("")
    Path(os.fsdecode(os.fsencode(root) + b"/bad\xff.py")).write_text("")
    os.mkfifo(root / "pipe.py")
    check_walk(
        root,
        {".env.example", "largest.py"},
        {
            ".env": "secrets",
            "id_rsa": "secrets",
            "logo.png": "binary",
            "yarn.lock": "lock file",
            "large.py": "larger than 1,000 bytes",
            "new\\x0aline.py": "control characters",
            "bad\\xdcff.py": "not valid UTF-8",
            "pipe.py": "not a plain file",
        },
    )


@pytest.mark.req("INDEX-1")
@pytest.mark.parametrize("kind", ["missing", "file", "loop"])
def test_a_root_that_is_no_folder_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    if kind == "file":
        root.write_text("")
    if kind == "loop":
        root.symlink_to(root)
    with pytest.raises(InputError, match=str(root)):
        find_repository(root)


@pytest.mark.req("INDEX-1")
def test_an_empty_workspace_and_rules_that_make_no_sense_are_no_trouble(root: Path) -> None:
    check_walk(root, set())
    (root / ".gitignore").write_bytes(b"[\n\\\n!\n/\n\xff\n" + b"*a" * 200 + b"\n")
    write(root, TREE)
    check_walk(root, {".gitignore", "app/main.py", "app/util.py"})
