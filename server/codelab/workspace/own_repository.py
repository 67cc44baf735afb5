"""A repository of CodeLab's own beside the objects of another, so that git reads no configuration but ours.

Hooks, filters, helpers, addresses and programs that a repository names are files of its folder ``.git``. In a
folder of ours none of them exists, and the objects are reached as alternates (gitrepository-layout(5)).
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from codelab.core.errors import InputError, StateError
from codelab.workspace.commits import git_program
from codelab.workspace.git_refs import Refs

_SECONDS = 20.0
_SETTINGS = (
    ("core.bare", "true"),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.logAllRefUpdates", "false"),
    ("core.alternateRefsCommand", "true"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("push.recurseSubmodules", "no"),
    ("fetch.recurseSubmodules", "no"),
    ("fetch.writeCommitGraph", "false"),
    ("transfer.fsckObjects", "true"),
    ("protocol.allow", "never"),
    ("log.showSignature", "false"),
    ("credential.helper", ""),
)


def config_text(settings: Sequence[tuple[str, str]], *, object_name: str) -> str:
    """Return the whole configuration of a repository of ours.

    Args:
        settings: More settings, by their full names, in order; a later one wins.
        object_name: The name of any object, whose length tells the repository's hash.
    """
    kind = [("core.repositoryFormatVersion", "0")]
    if len(object_name) == 64:
        kind = [("core.repositoryFormatVersion", "1"), ("extensions.objectFormat", "sha256")]
    return "".join(_entry(name, value) for name, value in (*kind, *_SETTINGS, *settings))


def make_repository(place: Path, objects: str, config: str, refs: Mapping[str, str], shallow: bytes) -> None:
    """Make a bare repository.

    Args:
        place: Its folder, which must not exist.
        objects: The folder of objects that it borrows, as git will see it.
        config: Its configuration.
        refs: The commits of its refs, by full name.
        shallow: Its file ``shallow``.
    """
    (place / "objects/info").mkdir(parents=True)
    (place / "refs").mkdir()
    (place / "objects/info/alternates").write_text(f"{objects}\n")
    (place / "HEAD").write_text("ref: refs/heads/none\n")
    (place / "config").write_text(config, encoding="utf-8", errors="surrogateescape")
    lines = [f"{commit} {name}\n" for name, commit in sorted(refs.items())]
    (place / "packed-refs").write_text("".join(lines))
    if shallow:
        (place / "shallow").write_bytes(shallow)


def ask_git(root: Path, refs: Refs, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Ask git about the objects of a workspace's repository, without letting it see the rest of that.

    Args:
        root: The workspace.
        refs: Its refs, as they were read.
        *arguments: A command of git that reads, and its arguments.

    Raises:
        InputError: There is no git.
        StateError: It did not answer.
    """
    program = git_program(root)
    if program is None:
        raise InputError("There is no git on this machine", fix="Install it")
    with tempfile.TemporaryDirectory(prefix="codelab-git-") as folder:
        place = Path(folder) / "repository"
        config = config_text((), object_name=refs.head)
        make_repository(place, str(root / ".git/objects"), config, refs.commits, refs.shallow)
        environment = {
            "PATH": os.path.dirname(program),
            "HOME": folder,
            "GIT_DIR": str(place),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C.UTF-8",
        }
        try:
            return subprocess.run(
                [program, "--no-pager", *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise StateError("git did not answer", why=str(error), fix="Try again") from None


def _entry(name: str, value: str) -> str:
    section, _, rest = name.partition(".")
    middle, _, key = rest.rpartition(".")
    below = f' "{_quoted(middle)}"' if middle else ""
    return f'[{section}{below}]\n\t{key} = "{_quoted(value)}"\n'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
