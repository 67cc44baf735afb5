"""Confines its own process by Landlock and a filter of system calls, then becomes the command.

It runs by itself, with nothing of CodeLab's and only the standard library, in an interpreter that reads no
settings of anybody's. Its one argument is the plan that ``landlock.launch_arguments`` makes.
"""

import ctypes
import json
import os
import resource
import stat
import sys

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER, _SUBREAPER = 38, 22, 2, 36  # linux/prctl.h, linux/seccomp.h

# Rights of linux/landlock.h
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_TRUNCATE = 1 << 14
_ALL_OF_FILES = (1 << 16) - 1
_ALL_OF_TCP = 3
_SCOPES = 3  # abstract sockets and signals
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15
_MADE_IN_SCRATCH = _ALL_OF_FILES & ~(1 << 6 | 1 << 11)  # all but devices

_FAILED = 125


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _BeneathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _done(result: int, what: str) -> int:
    if result < 0:
        sys.stderr.write(f"{what}: {os.strerror(ctypes.get_errno())}\n")
        sys.exit(_FAILED)
    return result


def _restrict(plan: "dict[str, list[str]]") -> None:
    attributes = _Ruleset(_ALL_OF_FILES, _ALL_OF_TCP, _SCOPES)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    ruleset = _done(_libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0), "Landlock")
    granted = {
        "read": _EXECUTE | _READ_FILE | _READ_FOLDER,
        "list": _READ_FOLDER,
        "write": _MADE_IN_SCRATCH,
        "devices": _READ_FILE | _WRITE_FILE,
    }
    for kind, rights in granted.items():
        for path in plan[kind]:
            _allow(ruleset, path, rights)
    _done(_libc.syscall(_RESTRICT_SELF, ruleset, 0), "Landlock")
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return  # it is gone, and so is nothing that could be seen
    try:
        if not stat.S_ISDIR(os.fstat(folder).st_mode):
            rights &= _OF_A_FILE
        rule = _BeneathRule(rights, folder)
        _done(_libc.syscall(_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0), f"Landlock, {path}")
    finally:
        os.close(folder)


def main() -> None:
    """Become the command."""
    plan = json.loads(sys.argv[1])
    os.chdir(plan["directory"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (plan["disk"], plan["disk"]))
    _done(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    _done(
        _libc.prctl(_SUBREAPER, 1, 0, 0, 0), "reaping"
    )  # what detaches itself stays in the watchdog's sight
    _restrict(plan)
    code = bytes.fromhex(plan["filter"])
    program = _Program(len(code) // 8, code)
    _done(_libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0), "the filter of system calls")
    try:
        os.execvp(plan["argv"][0], plan["argv"])  # noqa: S606 - it is the command that was approved
    except OSError as error:
        sys.stderr.write(f"{plan['argv'][0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main()
