"""Where CodeLab keeps its files: the platform's folders, never the workspace.

``CODELAB_HOME`` puts all three under one folder, for a portable installation and for tests.
"""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from codelab.core.errors import InputError


def _site() -> Path:
    """Return the administrator's folder; no variable of the environment moves it."""
    if sys.platform in ("win32", "darwin"):
        return platformdirs.PlatformDirs("codelab", appauthor=False).site_config_path
    return Path("/etc/codelab")


@dataclass(frozen=True, slots=True)
class Places:
    """The three folders of the person, and the one in which an administrator leaves rules for everybody."""

    config: Path
    data: Path
    cache: Path
    site: Path = _site()  # noqa: RUF009 - it is the same for as long as the process lives

    @property
    def user_config(self) -> Path:
        """The person's settings."""
        return self.config / "config.toml"

    @property
    def user_policy(self) -> Path:
        """The person's own rules."""
        return self.config / "policy.toml"

    @property
    def site_policy(self) -> Path:
        """The administrator's rules; whoever may write there is the machine's administrator."""
        return self.site / "policy.toml"

    @property
    def user_db(self) -> Path:
        """What belongs to the person and to no workspace."""
        return self.data / "user.db"

    @property
    def accounts(self) -> Path:
        """What was asked of models and what it cost."""
        return self.data / "models.db"

    @property
    def models(self) -> Path:
        """Where CodeLab keeps models that are files."""
        return self.cache / "models"

    @property
    def commands(self) -> Path:
        """The folder in which commands of agents have theirs while they run."""
        return self.cache / "commands"

    def workspace_data(self, root: Path) -> Path:
        """Return the folder of a workspace's precious state (``state.db`` and its backups)."""
        return self.data / "workspaces" / workspace_key(root)

    def state_db(self, root: Path) -> Path:
        """Return the precious database of a workspace."""
        return self.workspace_data(root) / "state.db"

    def audit_head(self, root: Path) -> Path:
        """Return the file that names the end of a workspace's audit log, apart from the log."""
        return self.data / "audit" / f"{workspace_key(root)}.json"

    def workspace_cache(self, root: Path) -> Path:
        """Return the folder of what can be made again (index, overlay, documents shown to the person)."""
        return self.cache / "workspaces" / workspace_key(root)


def find_places() -> Places:
    """Return the folders for this person on this platform; nothing is created.

    Raises:
        InputError: ``CODELAB_HOME`` is a relative path.
    """
    if home := os.environ.get("CODELAB_HOME"):
        base = Path(home).expanduser()
        if not base.is_absolute():
            why = "It would put CodeLab's files wherever it is started"
            raise InputError(
                f"CODELAB_HOME is {home}, which is no absolute path", why=why, fix="Name it from / on"
            )
        return Places(base / "config", base / "data", base / "cache")
    dirs = platformdirs.PlatformDirs("codelab", appauthor=False)
    return Places(dirs.user_config_path, dirs.user_data_path, dirs.user_cache_path)


def workspace_key(root: Path) -> str:
    """Name a workspace by its folder: the last part for people, a hash of the resolved path for us."""
    resolved = root.resolve()
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:16]
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in resolved.name)[:40]
    return f"{name or 'root'}-{digest}"
