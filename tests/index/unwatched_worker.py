"""An index worker on a system that watches no more folders: a filter of the kernel refuses each watch.

The filter (seccomp, classic BPF) answers ``inotify_add_watch`` as a system does that has reached its limit.
"""

import ctypes
import errno
import os
import runpy
import struct

_ADD_WATCH = {"x86_64": 254, "aarch64": 27}[os.uname().machine]
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # of linux/bpf_common.h
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000  # of linux/seccomp.h
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2  # of linux/prctl.h
_STEPS = (
    (_LOAD, 0, 0, 0),  # the number of the call
    (_IF_EQUAL, 0, 1, _ADD_WATCH),
    (_RETURN, 0, 0, _FAIL | errno.ENOSPC),
    (_RETURN, 0, 0, _ALLOW),
)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


_libc = ctypes.CDLL(None, use_errno=True)
_steps = b"".join(struct.pack("=HBBI", *step) for step in _STEPS)
_program = _Program(len(_STEPS), _steps)
if _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or _libc.prctl(
    _SECCOMP, _FILTER, ctypes.byref(_program), 0, 0
):
    raise OSError(ctypes.get_errno(), "prctl")
runpy.run_module("codelab.index.building.worker", run_name="__main__")
