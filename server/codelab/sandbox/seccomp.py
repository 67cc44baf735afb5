"""The filter of system calls, as the program that the kernel runs for each of them.

It forbids what no build and no test needs and what has often been a way out: new namespaces and mounts,
kernel keys, io_uring (which passes over filters), tracing of the kernel, unusual kinds of sockets (virtual
machine sockets belong to no network namespace), and typing into the terminal.
"""

import errno
import os
import platform
import struct

_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06  # linux/bpf_common.h
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000  # linux/seccomp.h
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_X32 = 0x40000000  # the other set of system calls of x86-64

# clone flags: namespaces of cgroups, UTS, IPC, users, processes, networks and mounts
_NEW_NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x20000
_TYPING = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_FLAGS = (0x40086602, 0x401C5820)  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16

# Numbers from arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_X86_64 = {
    "shmget": 29, "shmat": 30, "semget": 64, "msgget": 68, "mq_open": 240, "chmod": 90, "fchmod": 91,
    "fchmodat": 268, "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260, "utime": 132, "utimes": 235,
    "futimesat": 261, "utimensat": 280, "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190,
    "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
    "socket": 41, "clone": 56, "syslog": 103, "setpgid": 109, "setsid": 112,
    "pivot_root": 155, "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164,
    "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170,
    "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176,
    "quotactl": 179, "ioctl": 16, "clock_settime": 227, 
    "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272,
    "perf_event_open": 298, "fanotify_init": 300, "open_by_handle_at": 304, "clock_adjtime": 305,
    "setns": 308, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
_AARCH64 = {
    "shmget": 194, "shmat": 196, "semget": 190, "msgget": 186, "mq_open": 180, "fchmod": 52, "fchmodat": 53,
    "fchown": 55, "fchownat": 54, "utimensat": 88, "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7,
    "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    "socket": 198, "clone": 220, "syslog": 116, "setpgid": 154,
    "setsid": 157, "pivot_root": 41, "adjtimex": 171, "chroot": 51, "acct": 89,
    "settimeofday": 170, "mount": 40, "umount2": 39, "swapon": 224, "swapoff": 225, "reboot": 142,
    "sethostname": 161, "setdomainname": 162, "init_module": 105, "delete_module": 106, "quotactl": 60,
    "ioctl": 29, "clock_settime": 112, "kexec_load": 104,
    "add_key": 217, "request_key": 218, "keyctl": 219, "unshare": 97, "perf_event_open": 241,
    "fanotify_init": 262, "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268,
    "finit_module": 273, "kexec_file_load": 294, "bpf": 280, "userfaultfd": 282,
}  # fmt: skip
# The same numbers on every architecture but Alpha.
_LATER = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
    "quotactl_fd": 443, "fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "file_setattr": 469,
}  # fmt: skip
_CLONE3 = 435
_BY_ARGUMENTS = ("socket", "clone", "ioctl")
# What namespaces hold. Landlock, which has to do without them, also knows nothing of rights, owners, times
# and attributes of files.
_HELD_BY_NAMESPACES = frozenset(
    {
        "setpgid", "setsid", "shmget", "shmat", "semget", "msgget", "mq_open", "chmod", "fchmod", "fchmodat",
        "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes", "futimesat", "utimensat",
        "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "setxattrat",
        "removexattrat", "file_setattr",
    }
)  # fmt: skip

_MACHINES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}  # AUDIT_ARCH_*


def filter_program(*, namespaced: bool = True, machine: str = "") -> bytes:
    """Return the filter as an array of ``struct sock_filter``.

    Args:
        namespaced: Whether namespaces hold the command. Without them it may make no socket, share no memory
            by name, and not leave its process group, by which it is killed.
        machine: As ``platform.machine()`` says; this one's if empty.

    Raises:
        LookupError: There is no table of system calls for this machine.
    """
    architecture, numbers = _MACHINES[machine or platform.machine()]
    program = [
        _load(_ARCHITECTURE),
        _jump(_EQUAL, architecture, 1, 0),
        _answer(_KILL),
        _load(_NUMBER),
    ]
    if "iopl" in numbers:
        program += [_jump(_AT_LEAST, _X32, 0, 1), _answer(_KILL)]
    program += _refuse(_CLONE3, errno.ENOSYS)  # its flags are out of a filter's sight; libraries fall back
    for name, number in {**numbers, **_LATER}.items():
        if name not in _BY_ARGUMENTS and not (namespaced and name in _HELD_BY_NAMESPACES):
            program += _refuse(number, errno.EPERM)
    program += _refuse_if(numbers["clone"], 0, [(_ANY_BIT, _NEW_NAMESPACES)])
    requests = _TYPING if namespaced else (*_TYPING, *_FLAGS)
    program += _refuse_if(numbers["ioctl"], 1, [(_EQUAL, request) for request in requests])
    if namespaced:
        program += _allow_only(numbers["socket"], (_UNIX, _INET, _INET6, _NETLINK))
    else:
        program += _refuse(numbers["socket"], errno.EACCES)
    return b"".join([*program, _answer(_ALLOW)])


def memory_file(content: bytes) -> int:
    """Return a descriptor from which something can be read that is in no file: a filter, a credential."""
    fd = os.memfd_create("codelab")
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _load(offset: int) -> bytes:
    return struct.pack("<HBBI", _LOAD, 0, 0, offset)


def _argument(index: int) -> bytes:
    return _load(16 + 8 * index)  # the lower half, where both machines keep it first


def _jump(test: int, value: int, if_so: int, if_not: int) -> bytes:
    return struct.pack("<HBBI", test, if_so, if_not, value)


def _answer(action: int) -> bytes:
    return struct.pack("<HBBI", _RETURN, 0, 0, action)


def _refuse(number: int, error: int) -> list[bytes]:
    return [_jump(_EQUAL, number, 0, 1), _answer(_ERROR | error)]


def _refuse_if(number: int, argument: int, tests: list[tuple[int, int]]) -> list[bytes]:
    checks = []
    for test, value in tests:
        checks += [_jump(test, value, 0, 1), _answer(_ERROR | errno.EPERM)]
    return [_jump(_EQUAL, number, 0, len(checks) + 2), _argument(argument), *checks, _load(_NUMBER)]


def _allow_only(number: int, values: tuple[int, ...]) -> list[bytes]:
    left = len(values)
    checks = [_jump(_EQUAL, value, left - place, 0) for place, value in enumerate(values)]
    return [
        _jump(_EQUAL, number, 0, left + 3),
        _argument(0),
        *checks,
        _answer(_ERROR | errno.EACCES),
        _load(_NUMBER),
    ]
