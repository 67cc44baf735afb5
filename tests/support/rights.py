"""Running as somebody whom file permissions bind, also where the tests run as root."""

GIVE_UP_RIGHTS = """
import ctypes, os
if os.geteuid() == 0:  # still the owner of its files, but without the power to pass over their permissions
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")
"""
