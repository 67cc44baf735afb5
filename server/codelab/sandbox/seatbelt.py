"""The profile of macOS's ``sandbox-exec``: everything is denied that is not named.

Nobody has run this on a Mac yet; the probe decides there whether it works.
"""

import json
import os

from codelab.sandbox.environment import home_folder
from codelab.sandbox.stage import Stage
from codelab.sandbox.types import Job

PROGRAM = "sandbox-exec"
_SYSTEM = (
    "/usr", "/bin", "/sbin", "/System", "/Library/Developer", "/Library/Frameworks", "/opt/homebrew",
    "/opt/local", "/Applications/Xcode.app", "/private/etc", "/private/var/db/timezone",
    "/private/var/select",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/dtracehelper")


def profile(job: Job, stage: Stage) -> str:
    """Return the profile for one command: the workspace read-only, its scratch folder writable, no network.

    Rules that come later win, so what is hidden stands at the end.
    """
    root, scratch = str(job.root), str(stage.path / "scratch")
    hidden = [os.path.join(root, name) for name in (*stage.hidden, ".git/config")]
    readable = [_below(place) for place in (*_SYSTEM, root, scratch, *map(str, job.readable))]
    lines = [
        "(version 1)",
        "(deny default)",
        "(allow process-exec process-fork)",
        "(allow signal (target same-sandbox))",
        "(allow sysctl-read)",
        "(allow file-read-metadata)",
        f'(allow file-read* (literal "/") {" ".join(readable)} {_files(_DEVICES)})',
        f"(allow file-write* {_below(scratch)} {_files(_DEVICES[:1])})",
        "(deny network*)",
        "(deny mach-lookup)",
        f"(deny file-read* file-write* {_below(str(home_folder() / '.ssh'))})",
    ]
    if hidden:
        lines.append(f"(deny file-read-data file-write* {_files(hidden)})")
    return "\n".join(lines) + "\n"


def launch_arguments(program: str, job: Job, stage: Stage) -> list[str]:
    """Return the arguments of the process that confines itself and then becomes the command."""
    return [program, "-p", profile(job, stage), "--", *job.argv]


def _below(folder: str) -> str:
    return f"(subpath {json.dumps(folder, ensure_ascii=False)})"


def _files(paths: "list[str] | tuple[str, ...]") -> str:
    return " ".join(f"(literal {json.dumps(path, ensure_ascii=False)})" for path in paths)
