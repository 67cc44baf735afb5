"""Runs commands in sandboxes as an ordinary user, whoever started it, and tells what became of them.

Reads cases as JSON, writes results as JSON. Root gives up its rights once everything is imported, since the
interpreter itself may lie where only root can read.
"""

import contextlib
import ctypes
import encodings.latin_1
import encodings.utf_8_sig
import json
import os
import platform
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from codelab.sandbox.difference import read_difference
from codelab.sandbox.environment import clean_environment
from codelab.sandbox.git_changes import bring_over_git
from codelab.sandbox.probe import find_sandbox
from codelab.sandbox.run import run_here
from codelab.sandbox.stage import prepared_stage
from codelab.sandbox.types import Job, Kind, Limits, Sandbox
from tests.sandbox.attacks import ATTACKS, PRELUDE

_NUMBERS = {
    "x86_64": {"clone": 56, "keyctl": 250, "userfaultfd": 323},
    "aarch64": {"clone": 220, "keyctl": 219, "userfaultfd": 282},
}
_libc = ctypes.CDLL(None, use_errno=True)
_libc.shmat.restype = ctypes.c_void_p
_LOADED = (
    resource,
    pwd,
    encodings.utf_8_sig,
    encodings.latin_1,
)  # imported late by others, when this process may no longer read them


def become_ordinary() -> None:
    """Become the user that owns nothing, if this is root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    os.umask(0o022)


class Person:
    """Someone with a workspace, a secret beside it, and things that listen."""

    def __init__(self, base: Path, token: str) -> None:
        self.token = token
        self.root, self.outside = base / "work", base / "outside"
        for folder in (self.root / ".git/hooks", self.root / "deploy", self.outside):
            folder.mkdir(parents=True)
        (self.outside / "secret.txt").write_text("SECRET")
        (self.root / "a.txt").write_text("one\n")
        (self.root / ".env").write_text("KEY=SECRET\n")
        (self.root / "deploy/id_rsa").write_text("SECRET")
        (self.root / ".git/config").write_text('[remote "o"]\n\turl = https://SECRET@host/x\n')
        (self.root / "gate").symlink_to(self.outside)
        self.shared = Path("/dev/shm", token)
        self.shared.write_text("SECRET")
        self.inherited = os.open(self.outside / "secret.txt", os.O_RDONLY)
        os.set_inheritable(self.inherited, True)
        self.sockets = [_listening(str(self.outside / "socket")), _listening(str(self.root / "socket"))]
        self.sockets += [_listening("\0" + token), _listening(("127.0.0.1", 0))]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        threading.Thread(target=self._answer, daemon=True).start()
        self.process = subprocess.Popen(["/bin/sleep", "1000"])
        self.memory = _shared_memory()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                _, sender = self.udp.recvfrom(100)
                self.udp.sendto(b"SECRET", sender)

    def script(self, name: str) -> str:
        """Return an attack on this person."""
        values: dict[str, Any] = {
            "outside": self.outside,
            "root": self.root,
            "pid": self.process.pid,
            "tcp": self.sockets[3].getsockname()[1],
            "udp": self.udp.getsockname()[1],
            "memory": self.memory,
            "token": self.token,
            **_NUMBERS[platform.machine()],
        }
        text = ATTACKS[name]
        for key, value in values.items():
            text = text.replace("{" + key + "}", str(value))
        return PRELUDE + text

    def state(self) -> dict[str, str]:
        """Return all that a command must not change."""
        found: dict[str, str] = {str(path): "" for path in self._left_behind()}
        for base in (self.root, self.outside):
            for place, folders, names in os.walk(base):
                for name in (*folders, *names):
                    path = Path(place, name)
                    text = path.read_text() if path.is_file() else ""
                    status = path.lstat()
                    attributes = os.listxattr(path, follow_symlinks=False)
                    found[str(path)] = f"{status.st_mode:o} {status.st_mtime_ns} {attributes} {text}"
        return found

    def _left_behind(self) -> list[Path]:
        return [path for base in ("/tmp", "/dev/shm") for path in Path(base).glob(f"{self.token}*")]

    def close(self) -> None:
        """Stop listening, and remove what was left behind."""
        _libc.shmctl(_libc.shmget(self.memory, 0, 0), 0, None)
        self.process.kill()
        self.process.wait()
        for path in self._left_behind():
            path.unlink()
        os.close(self.inherited)
        for one in (*self.sockets, self.udp):
            one.close()


def _shared_memory() -> int:
    """Share a page of System V memory by a number; return that."""
    number = int.from_bytes(os.urandom(3)) + 1
    place = _libc.shmat(_libc.shmget(number, 4096, 0o1600), None, 0)  # IPC_CREAT
    ctypes.memmove(place, b"SECRET", 6)
    return number


def _listening(address: Any) -> socket.socket:
    one = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    one.bind(address)
    one.listen()
    return one


def survivors(token: str) -> list[int]:
    """Return the processes whose command line holds a word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "cmdline").read_bytes().find(token.encode()) >= 0:
                found.append(int(folder.name))
    return found


def attack(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Let a command attack a person; return whether it succeeded, and what it said."""
    with scratch() as base:
        person = Person(base, f"codelab-{os.urandom(6).hex()}")
        try:
            before = person.state()
            argv = ["/usr/bin/python3", "-I", "-S", "-c", person.script(name)]
            if sandbox.kind is Kind.UNSANDBOXED and name == "read inherited descriptors":
                output = subprocess.run(
                    argv, check=False, close_fds=False, capture_output=True, text=True
                ).stdout
                ended: dict[str, Any] = {"output": output}
            else:
                ended = run(sandbox, {"argv": argv}, person.root, base)
            alive = survivors(person.token)
            for pid in alive:
                os.kill(pid, 9)
            leaked = "LEAKED" in ended["output"] or person.state() != before or bool(alive)
        finally:
            person.close()
    return {**ended, "leaked": leaked}


def run(sandbox: Sandbox, case: dict[str, Any], root: Path, base: Path) -> dict[str, Any]:
    """Run one command in a workspace; return how it ended and what it changed."""
    environment = os.environ if sandbox.kind is Kind.UNSANDBOXED else clean_environment(os.environ, root)
    limits = Limits(**{"seconds": 60.0, **case.get("limits", {})})
    unsaved = {path: text.encode() for path, text in case.get("unsaved", {}).items()}
    job = Job(
        root,
        tuple(case["argv"]),
        case.get("directory", "."),
        environment,
        limits,
        commits=case.get("commits", False),
        unsaved=unsaved,
    )
    watched, cancel = os.pipe()
    chunks: list[bytes] = []

    closing = threading.Lock()

    def close() -> None:
        if closing.acquire(blocking=False):
            os.close(cancel)

    def take(data: bytes) -> None:
        chunks.append(data)
        said = b"".join(chunks)
        if case.get("die_at", "\0").encode() in said:
            os.kill(os.getpid(), signal.SIGKILL)
        if case.get("cancel_at", "\0").encode() in said:
            close()

    timer = threading.Timer(case["cancel_after"], close) if "cancel_after" in case else None
    if timer is not None:
        timer.start()
    try:
        with prepared_stage(base / "stage", root) as stage:
            began = time.monotonic()
            finished = run_here(sandbox, job, stage, take, watched)
            took = time.monotonic() - began
            difference = read_difference(stage, root, unsaved)
            brought = bring_over_git(stage, root) if job.commits else []
    finally:
        if timer is not None:
            timer.cancel()
            timer.join()
        close()
        os.close(watched)
    return {
        "code": finished.code,
        "stopped": finished.stopped,
        "output": finished.output,
        "usage": asdict(finished.usage),
        "took": took,
        "changed": {
            f.path: None if f.after is None else f.after.decode(errors="replace") for f in difference.files
        },
        "left": dict(difference.left),
        "brought": brought,
        "alive": survivors(case["token"]) if "token" in case else [],
    }


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder of this user's own."""
    base = Path(tempfile.mkdtemp(prefix="codelab-", dir="/tmp")).resolve()
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)


def plain(sandbox: Sandbox, case: dict[str, Any]) -> dict[str, Any]:
    """Run one command in a workspace of given files."""
    with scratch() as base:
        root = base / case.get("root", "work")
        root.mkdir()
        for name, text in case.get("files", {}).items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return run(sandbox, case, root, base)


def main() -> None:
    """Answer the cases that standard input holds."""
    become_ordinary()
    os.environ["SECRET"] = "SECRET"
    asked = json.load(sys.stdin)
    with scratch() as base:
        best = find_sandbox(base / "stage")
    results = []
    for case in asked:
        kind = Kind(case.get("kind", best.kind))
        sandbox = Sandbox(kind, best.programs)
        does = attack(sandbox, case["attack"]) if "attack" in case else plain(sandbox, case)
        results.append({**does, "kind": kind.value})
    json.dump({"best": best.kind.value, "lacking": best.lacking, "results": results}, sys.stdout)


if __name__ == "__main__":
    main()
