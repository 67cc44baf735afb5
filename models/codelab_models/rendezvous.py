"""Where faces and the model host meet: a socket and two locks in a folder of the person's own.

The names carry the protocol's number, so hosts of different protocols live side by side, each for the
faces that speak it, and end when these are gone.
"""

import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from codelab.config.places import Places
from codelab.config.settings import ModelSettings
from codelab.core.errors import StateError
from codelab_models.transport import Address

PROTOCOL = 1
SOCKET_PATH_BYTES = 100  # the kernels allow 104 to 108
TOKEN_HEADER = "X-CodeLab-Token"  # noqa: S105 - a name
ACCESS_HEADER = "X-CodeLab-Access"
"""JSON: what else the provider needs, such as ``api_base``; under ``models``, the same and ``api_key`` for
each model that may answer instead. Used for this request alone."""

LIMITS_HEADER = "X-CodeLab-Limits"
"""JSON: the person's settings that bound this request; see ``LIMITS``."""

SESSION_HEADER = "X-CodeLab-Session"
AGENT_HEADER = "X-CodeLab-Agent"
"""For the accounts: whose request it is."""

LIMITS = frozenset(
    {
        *("requests_per_hour", "budget_usd_day", "budget_usd_month", "budget_usd_session", "budgets"),
        "cache_hours",
        *("first_token_seconds", "local_first_token_seconds"),
    }
)
"""The settings of ``models`` that a face sends along."""

HOST_NAME = "The model host"


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """The paths; ``folder`` belongs to the person and nobody else can look into it."""

    folder: Path
    socket: Path

    @property
    def lock(self) -> Path:
        """Held by the host as long as it lives."""
        return self.folder / f"host-{PROTOCOL}.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the face that starts a host."""
        return self.folder / f"start-{PROTOCOL}.lock"

    @property
    def address_file(self) -> Path:
        """Port and token of a host that listens on loopback."""
        return self.folder / f"host-{PROTOCOL}.json"

    @property
    def log(self) -> Path:
        """The host's log: no contents, no keys."""
        return self.folder / "host.log"

    @property
    def answers(self) -> Path:
        """Answers kept for the same request; a cache."""
        return self.folder / f"answers-{PROTOCOL}.db"

    @property
    def start_log(self) -> Path:
        """What Python says if the host cannot even start."""
        return self.folder / f"start-{PROTOCOL}.log"


def find_rendezvous(places: Places) -> Rendezvous:
    """Return the meeting place, its folders made.

    Raises:
        StateError: A folder belongs to somebody else, or cannot be made.
    """
    return rendezvous_in(places.cache / "model-host")


def rendezvous_in(folder: Path) -> Rendezvous:
    """Return the meeting place in a folder; the socket is elsewhere if its path would be too long there."""
    make_own_folder(folder)
    name = f"v{PROTOCOL}.sock"
    if len(os.fsencode(folder / name)) <= SOCKET_PATH_BYTES:
        return Rendezvous(folder, folder / name)
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    if len(os.fsencode(base)) > SOCKET_PATH_BYTES - 40:
        base = "/tmp"  # noqa: S108 - the folder in it is checked
    short = Path(base) / f"codelab-{_user()}-{digest}"
    make_own_folder(short)
    return Rendezvous(folder, short / name)


def make_own_folder(folder: Path) -> None:
    """Make a folder that only this person may enter, or check that it is one.

    Raises:
        StateError: It cannot be made, is no folder, or belongs to somebody else.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if os.name != "nt":
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise StateError(
                    f"{folder} cannot be used for the model host",
                    why="It is no plain folder of your own; somebody may have put it there",
                    fix="Remove it, or set CODELAB_HOME to a folder of your own",
                )
            if found.st_mode & 0o077:
                folder.chmod(0o700)
    except OSError as error:
        raise StateError(
            f"{folder} cannot be used for the model host",
            why=error.strerror or type(error).__name__,
            fix="Make room or correct its permissions, or set CODELAB_HOME to another folder",
        ) from error


def limits_header(models: ModelSettings) -> dict[str, str]:
    """Return the header that tells the model host the person's limits."""
    return {LIMITS_HEADER: models.model_dump_json(include=set(LIMITS))}


def address_at(place: Rendezvous, *, loopback: bool) -> Address | None:
    """Return the address at which a host would be, or None if there is plainly none."""
    if not loopback:
        return Address("http://codelab/v1", place.socket, name=HOST_NAME) if place.socket.exists() else None
    try:
        said = json.loads(place.address_file.read_text(encoding="utf-8"))
        port, token = int(said["port"]), str(said["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Address(f"http://127.0.0.1:{port}/v1", headers={TOKEN_HEADER: token}, name=HOST_NAME)


def _user() -> str:
    return str(os.geteuid()) if os.name != "nt" else "user"
