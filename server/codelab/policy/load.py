"""The policy files in force: the administrator's, the person's, and what a trusted workspace may narrow.

A file with a mistake fails closed. What it forbids and can be read holds, what it allows does not, and as
nobody knows what else it meant, every call is asked until it is put right.
"""

from dataclasses import dataclass
from pathlib import Path

from codelab.config.load import MAX_CONFIG_BYTES, read_workspace_text
from codelab.config.places import Places
from codelab.core.wording import cause_of
from codelab.policy.policy_file import PolicyFile, read_policy
from codelab.policy.rules import Rule, Tier
from codelab.policy.rules_in_force import PolicyRules

WORKSPACE_POLICY = ".codelab/policy.toml"


@dataclass(frozen=True, slots=True)
class FileState:
    """How a policy file stands.

    Attributes:
        tier: Whose it is.
        path: Where it is, or would be.
        there: Whether it is there.
        read: Whether it was read; a workspace's is not where the workspace is not trusted.
        rules: How many rules of it are in force.
        mistakes: What is wrong with it.
    """

    tier: Tier
    path: Path
    there: bool
    read: bool
    rules: int
    mistakes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """The rules in force, the files that they come from, and what the person should know about these."""

    rules: PolicyRules
    files: tuple[FileState, ...]
    notes: tuple[str, ...]


def load_policy(places: Places, root: Path, *, trusted: bool) -> LoadedPolicy:
    """Read the policy files that hold for a workspace; never raises.

    Args:
        places: Where the administrator's and the person's files are.
        root: The workspace, resolved.
        trusted: Whether the person trusts the workspace; its file is not read otherwise.
    """
    files: list[FileState] = []
    rules: list[Rule] = []
    notes: list[str] = []
    broken: list[str] = []
    paths = {Tier.ADMINISTRATOR: places.site_policy, Tier.USER: places.user_policy}
    for tier in Tier:
        path = paths.get(tier, root / WORKSPACE_POLICY)
        text, failure = _text(root, path, tier, trusted=trusted)
        where = WORKSPACE_POLICY if tier is Tier.WORKSPACE else str(path)
        if text is not None:
            said = read_policy(text, tier, where)
        else:
            said = PolicyFile(mistakes=(f"{where} cannot be read: {failure}",) if failure else ())
        rules += said.rules
        notes += said.notes
        there = text is not None or bool(failure) or _is_there(path)
        if there and text is None and not failure:
            notes.append(f"{WORKSPACE_POLICY} is ignored: this workspace is not trusted.")
        files.append(FileState(tier, path, there, text is not None, len(said.rules), said.mistakes))
        for first in said.mistakes[:1]:
            more = f" ({len(said.mistakes) - 1} more after it)" if len(said.mistakes) > 1 else ""
            broken.append(f"{first}{more}. Everything is asked until it is put right")
    own = _own_folders(places, root)
    return LoadedPolicy(PolicyRules(tuple(rules), tuple(broken), own), tuple(files), (*notes, *broken))


class PolicySource:
    """The policy of a workspace, read again when one of its files changes.

    Args:
        places: Where the administrator's and the person's files are.
        root: The workspace, resolved.
        trusted: Whether the person trusts the workspace.
    """

    def __init__(self, places: Places, root: Path, *, trusted: bool) -> None:
        self._places = places
        self._root = root
        self._trusted = trusted
        self._files = (places.site_policy, places.user_policy, root / WORKSPACE_POLICY)
        self._kept: tuple[tuple[object, ...], LoadedPolicy] | None = None

    def current(self) -> LoadedPolicy:
        """Return the policy as its files are now."""
        seen = tuple(_identity(path) for path in self._files)
        kept = self._kept  # set as one, since threads ask as well
        if kept is None or kept[0] != seen:
            self._kept = kept = (seen, load_policy(self._places, self._root, trusted=self._trusted))
        return kept[1]


def _identity(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode


def _text(root: Path, path: Path, tier: Tier, *, trusted: bool) -> tuple[str | None, str]:
    """Return the text of a policy file, None where there is none to read, and why it could not be read."""
    text, failure = None, ""
    try:
        if tier is not Tier.WORKSPACE:
            text = _plain(path)
        elif trusted:
            text = read_workspace_text(root, WORKSPACE_POLICY)
    except FileNotFoundError:
        pass
    except UnicodeDecodeError:
        failure = "it is not UTF-8 text"
    except OSError as error:
        failure = cause_of(error)
    return text, failure


def _plain(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_CONFIG_BYTES + 1)
    if len(content) > MAX_CONFIG_BYTES:
        raise OSError(f"it is larger than {MAX_CONFIG_BYTES:,} bytes")
    return content.decode("utf-8-sig")


def _is_there(path: Path) -> bool:
    try:
        return path.is_symlink() or path.exists()
    except OSError:
        return True


def _own_folders(places: Places, root: Path) -> tuple[str, ...]:
    """Return CodeLab's folders that lie in a workspace; ``.`` where the workspace lies in one of them."""
    found: dict[str, None] = {}
    for folder in (places.config, places.data, places.cache, places.site):
        resolved = folder.resolve()
        if root.is_relative_to(resolved):
            found["."] = None
        elif resolved.is_relative_to(root):
            found[resolved.relative_to(root).as_posix()] = None
    return tuple(found)
