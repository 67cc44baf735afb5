"""Walk a worktree: every file worth indexing with what ``stat`` says of it, and what is left out and why."""

import os
import stat
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from codelab.index.files.ignore import Rules, is_build_folder, read_rules
from codelab.index.files.kinds import BINARY_ENDINGS, LOCK_FILES
from codelab.index.files.repository import Repository, common_git_folder
from codelab.workspace.secrets import is_secret

IGNORE_FILE = ".gitignore"


# Rules that apply in a folder, the deepest first: how much of a path to leave out before they match it, what
# to put before it instead (for rules of folders above the workspace), and the rules.
Chain = tuple[tuple[int, str, Rules], ...]


class Stamp(NamedTuple):
    """What tells that a file is the same as before without reading it; times in nanoseconds."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Walked(NamedTuple):
    """What a walk found: files to index by path, and reasons for what is left out by path."""

    files: dict[str, Stamp]
    refused: dict[str, str]


class _Folder(NamedTuple):
    """A folder to walk.

    Attributes:
        path: Relative to the workspace, with a final slash, or empty for the workspace itself.
        rules: The rules that apply in it from above.
        top: Whether it is the top of a worktree.
    """

    path: str
    rules: Chain
    top: bool


class Walker:
    """Walks one workspace again and again, and remembers which names its rules keep.

    Args:
        repository: Where the workspace lies.
        max_file_bytes: Larger files are refused.
        exclude: Patterns of the settings, as in .gitignore.
    """

    def __init__(self, repository: Repository, max_file_bytes: int, exclude: Iterable[str] = ()) -> None:
        self._repository = repository
        self._root = os.fspath(repository.root)
        self._max_file_bytes = max_file_bytes
        self._exclude = Rules(exclude)
        # By folder: the stamp of its .gitignore and the rules in it. A changed stamp drops what hangs on it.
        self._read: dict[str, tuple[Stamp | None, Rules | None]] = {}
        # By folder and name: keep (None), leave out in silence (""), or refuse for a reason.
        self._verdicts: dict[str, dict[str, str | None]] = {}
        self._base = self._rules_above()

    def forget(self) -> None:
        """Drop all that was remembered; for changes of rules outside the workspace's own files."""
        self._read.clear()
        self._verdicts.clear()
        self._base = self._rules_above()

    def walk(
        self, cancelled: Callable[[], bool] = lambda: False, paths: Collection[str] | None = None
    ) -> Walked:
        """Walk the workspace.

        Args:
            cancelled: Asked at every folder; a walk that it ends is not complete.
            paths: Only what is needed to see these: the folders on the way to them, and all below them.
        """
        found = Walked({}, {})
        at_top = self._repository.top == self._repository.root
        waiting = [_Folder("", self._base, at_top)]
        while waiting and not cancelled():
            folder = waiting.pop()
            if paths is None or _leads_to(folder.path, paths):
                self._walk_folder(folder, found, waiting)
        return found

    def _walk_folder(self, folder: _Folder, found: Walked, waiting: list[_Folder]) -> None:
        prefix = folder.path
        try:
            with os.scandir(f"{self._root}/{prefix}") as scan:
                entries = list(scan)
        except OSError as error:
            if prefix:
                found.refused[prefix.rstrip("/")] = f"the folder cannot be read ({error.strerror})"
            return
        rules = self._rules_of(folder, entries)
        known = self._verdicts.setdefault(prefix, {})
        names: set[str] | None = None
        files = found.files
        for entry in entries:
            name = entry.name
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
                plain = is_folder or entry.is_file(follow_symlinks=False)
                # What was a link or a pipe is judged anew when it is a file, and the other way round.
                key = f"{name}/" if is_folder else name if plain else f"{name}//"
                if key in known:
                    verdict = known[key]
                else:
                    names = names if names is not None else {other.name for other in entries}
                    verdict = known[key] = self._judge(folder, rules, entry, is_folder, names)
                if verdict is not None:
                    if verdict:
                        found.refused[_shown(prefix + name)] = verdict
                elif is_folder:
                    waiting.append(self._enter(prefix + key, rules, entry))
                elif plain:
                    status = entry.stat(follow_symlinks=False)
                    if status.st_size > self._max_file_bytes:
                        found.refused[prefix + name] = f"larger than {self._max_file_bytes:,} bytes"
                    else:
                        files[prefix + name] = Stamp(
                            status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
                        )
            except OSError as error:
                found.refused[_shown(prefix + name)] = f"cannot be read ({error.strerror})"

    def _enter(self, path: str, rules: Chain, entry: "os.DirEntry[str]") -> _Folder:
        if os.path.lexists(f"{entry.path}/.git"):
            # The rules of the outer repository do not reach into a nested one; those of the settings do.
            own = _exclude_rules(common_git_folder(Path(entry.path)), len(path))
            return _Folder(path, own, True)
        return _Folder(path, rules, False)

    def _rules_of(self, folder: _Folder, entries: list["os.DirEntry[str]"]) -> Chain:
        entry = next((one for one in entries if one.name == IGNORE_FILE), None)
        stamp = None
        if entry is not None:
            try:
                status = entry.stat(follow_symlinks=False)
                stamp = Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            except OSError:
                stamp = None
        before = self._read.get(folder.path)
        if before is None or before[0] != stamp:
            rules = read_rules(entry.path) if entry is not None and stamp is not None else None
            self._read[folder.path] = (stamp, rules)
            if before is not None:
                for path in [p for p in self._verdicts if p.startswith(folder.path)]:
                    del self._verdicts[path]
        else:
            rules = before[1]
        return folder.rules if rules is None else ((len(folder.path), "", rules), *folder.rules)

    def _judge(
        self,
        folder: _Folder,
        rules: Chain,
        entry: "os.DirEntry[str]",
        is_folder: bool,
        beside: set[str],
    ) -> str | None:
        """Return None to keep an entry, an empty string to leave it out, or the reason to refuse it."""
        name, path = entry.name, folder.path + entry.name
        if name == ".git":
            return ""
        wanted = _verdict(rules, path, is_folder)
        if wanted or self._exclude.verdict(path + "/" if is_folder else path):
            return ""
        if reason := _bad_name(name):
            return reason
        if not is_folder:
            return "may hold secrets" if is_secret(path) else _judge_file(entry)
        if wanted is None and is_build_folder(entry.path, beside, folder.top):
            return ""
        return self._judge_nested(entry)

    def _judge_nested(self, entry: "os.DirEntry[str]") -> str | None:
        nested = common_git_folder(Path(entry.path)) if os.path.lexists(f"{entry.path}/.git") else None
        if nested is not None and nested == self._repository.common:
            return "another worktree of this repository"
        if all(os.path.lexists(f"{entry.path}/{name}") for name in ("HEAD", "objects", "refs")):
            return "a git repository without a worktree"
        return None

    def _rules_above(self) -> Chain:
        """Return the rules that apply from the folders between the top of the worktree and the workspace."""
        repository = self._repository
        inner = repository.root.relative_to(repository.top).parts
        chain = [
            (0, "".join(f"{part}/" for part in inner), r) for _, _, r in _exclude_rules(repository.common, 0)
        ]
        for depth, _ in enumerate(inner):
            folder = repository.top.joinpath(*inner[:depth])
            if rules := read_rules(folder / IGNORE_FILE):
                chain.insert(0, (0, "".join(f"{part}/" for part in inner[depth:]), rules))
        # Who opens an ignored folder as a workspace wants to see what is in it.
        for _, prefix, rules in chain:
            parts = prefix.rstrip("/").split("/")
            if prefix and any(rules.verdict("/".join(parts[: n + 1]) + "/") for n in range(len(parts))):
                return ()
        return tuple(chain)


def _leads_to(folder: str, paths: Collection[str]) -> bool:
    return any(path.startswith(folder) or folder.startswith(f"{path}/") for path in paths)


def _exclude_rules(common: Path | None, start: int) -> Chain:
    rules = read_rules(common / "info" / "exclude") if common is not None else None
    return ((start, "", rules),) if rules is not None else ()


def _verdict(rules: Chain, path: str, is_folder: bool) -> bool | None:
    slash = "/" if is_folder else ""
    for start, prefix, patterns in rules:
        verdict = patterns.verdict(f"{prefix}{path[start:]}{slash}")
        if verdict is not None:
            return verdict
    return None


def _bad_name(name: str) -> str:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    return "" if name.isprintable() else "its name holds control characters"


def _judge_file(entry: "os.DirEntry[str]") -> str | None:
    name = entry.name
    if name in LOCK_FILES:
        return "a lock file of a package manager"
    if entry.is_symlink():
        return "a symbolic link; what it leads to is indexed where it lies, if it lies inside"
    if name[name.rfind(".") :].lower() in BINARY_ENDINGS and "." in name:
        return "binary"
    if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
        return "not a plain file"
    return None


def _shown(path: str) -> str:
    return path if path.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in path)
