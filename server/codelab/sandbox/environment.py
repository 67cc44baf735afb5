"""The environment of a command: made anew, with nothing in it that could be a secret or lead it astray."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

if sys.platform != "win32":
    import pwd

_KEPT = ("LANG", "LANGUAGE", "TZ", "COLUMNS", "LINES")
_KEPT_PREFIX = "LC_"
_USUAL_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

_NO_HOME = Path("/tmp/home")  # noqa: S108 - the sandbox's own
_NO_HOMES = ("/usr/bin", "/bin", "/etc", "/tmp", "/var/tmp")  # noqa: S108 - folders that are nobody's home
_TOOLS_OF_A_PROJECT = (".venv/bin", "venv/bin", "node_modules/.bin")

# Folders of tools in a home folder, none of which holds credentials.
_TOOLS_AT_HOME = (
    ".cargo/bin", ".cargo/registry", ".cargo/git", ".rustup", ".pyenv", ".local/share/uv",
    ".local/share/pipx", ".local/share/mise", ".local/share/fnm", ".local/pipx", ".local/bin", ".nvm",
    ".volta", ".asdf", ".fnm", ".bun/bin", ".deno/bin", ".sdkman/candidates", ".rbenv", ".jenv", ".nodenv",
    ".goenv", "go/bin", "go/pkg/mod", ".m2/repository", ".gradle/wrapper", ".ghcup/bin", ".dotnet",
    ".juliaup", ".opam",
)  # fmt: skip


def home_folder() -> Path:
    """Return the person's home folder as the system knows it, or one below /tmp where there is none."""
    try:
        home = Path(pwd.getpwuid(os.getuid()).pw_dir).resolve()
    except (KeyError, OSError):
        return _NO_HOME
    return _NO_HOME if any(Path(place).is_relative_to(home) for place in _NO_HOMES) else home


def tools_at_home(home: Path) -> tuple[Path, ...]:
    """Return the folders of tools in a home folder that are there, links resolved, all inside of it."""
    real = home.resolve()
    found = [(home / name).resolve() for name in _TOOLS_AT_HOME if (home / name).is_dir()]
    return tuple(folder for folder in found if folder != real and folder.is_relative_to(real))


def clean_environment(
    variables: Mapping[str, str],
    root: Path,
    readable: Iterable[Path] = (),
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the environment of a command.

    Args:
        variables: The environment of this process, of which only the language and the search path are used.
        root: The workspace.
        readable: The folders that a command may read besides the system's.
        more: Variables to set besides.

    Returns:
        The whole environment. ``PATH`` begins with where the project installs its own tools, then keeps those
        of the person's folders that the command can see.
    """
    home = str(home_folder())
    kept = {
        name: value
        for name, value in variables.items()
        if (name in _KEPT or name.startswith(_KEPT_PREFIX)) and value.isprintable()
    }
    return {
        "LANG": "C.UTF-8",
        **kept,
        "HOME": home,
        "USER": "codelab",
        "LOGNAME": "codelab",
        "SHELL": "/bin/sh",
        "PATH": _search_path(variables.get("PATH", ""), root, tuple(readable)),
        "TERM": "dumb",
        "NO_COLOR": "1",
        "CI": "1",
        "TMPDIR": "/tmp",  # noqa: S108 - the sandbox's own
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        **(more or {}),
    }


def _search_path(path: str, root: Path, readable: tuple[Path, ...]) -> str:
    kept: dict[str, None] = {str(root / name): None for name in _TOOLS_OF_A_PROJECT if (root / name).is_dir()}
    for folder in path.split(os.pathsep):
        place = Path(folder)
        if place.is_absolute() and not place.is_relative_to(root) and _visible(place, readable):
            kept[folder] = None
    for folder in _USUAL_PATH:
        if Path(folder).is_dir():
            kept[folder] = None
    return os.pathsep.join(kept)


def _visible(folder: Path, readable: tuple[Path, ...]) -> bool:
    system = (Path("/usr"), Path("/bin"), Path("/sbin"), Path("/opt"), Path("/nix/store"), Path("/gnu/store"))
    return any(folder.is_relative_to(place) for place in (*system, *readable))
