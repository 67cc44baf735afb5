"""What of a command's leavings is not worth a question: caches, builds, and what git ignores."""

from pathlib import Path, PurePosixPath

from codelab.index.files.ignore import Rules, is_build_folder, read_rules

_TOLD = frozenset({".git", ".hg", ".svn"})  # what is run from there must not go by in silence
_CACHES = frozenset(
    {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".coverage"}
)


class Ignored:
    """Tells which paths of a workspace are left where they are.

    Args:
        root: The workspace, whose own rules count, not those that a command wrote.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._rules: dict[str, Rules | None] = {}
        self._folders: dict[str, bool] = {}

    def folder(self, path: str) -> bool:
        """Tell whether a folder is ignored, or lies in one that is."""
        if path in self._folders:
            return self._folders[path]
        place = PurePosixPath(path)
        parent = str(place.parent)
        above = parent != "." and self.folder(parent)
        answer = above or (place.name not in _TOLD and (self._is_build(place) or self._verdict(path + "/")))
        self._folders[path] = answer
        return answer

    def file(self, path: str) -> bool:
        """Tell whether a file is ignored."""
        parent = PurePosixPath(path).parent
        inside = str(parent) != "." and self.folder(str(parent))
        return inside or PurePosixPath(path).name in _CACHES or self._verdict(path)

    def _is_build(self, place: PurePosixPath) -> bool:
        if place.name in _CACHES:
            return True
        at_top = str(place.parent) == "."
        try:
            beside = {entry.name for entry in (self._root / place.parent).iterdir()}
        except OSError:
            beside = set()
        return is_build_folder(self._root / place, beside, at_top)

    def _verdict(self, path: str) -> bool:
        """Ask the rules of the folders on the way, the nearest first."""
        for folder in PurePosixPath(path).parents:
            key = "" if str(folder) == "." else f"{folder}/"
            if key not in self._rules:
                self._rules[key] = read_rules(self._root / key / ".gitignore")
            rules = self._rules[key]
            verdict = rules.verdict(path[len(key) :]) if rules is not None else None
            if verdict is not None:
                return verdict
        return False
