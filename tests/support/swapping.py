"""An attacker who swaps a folder of the workspace for a link to the outside, as fast as a process can."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SWAPPER = """
import ctypes, os, sys, threading
os.chdir(sys.argv[1])
os.symlink("../outside", "evil")
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
if sys.platform == "linux":
    libc = ctypes.CDLL(None, use_errno=True)
    def swap():
        if libc.renameat2(-100, b"sub", -100, b"evil", 2) != 0:  # both names at once
            raise OSError(ctypes.get_errno(), "renameat2")
else:
    def swap():
        for old, new in (("sub", "aside"), ("evil", "sub"), ("aside", "evil")):
            os.rename(old, new)
print("ready", flush=True)
while not stop.is_set():
    swap()
"""


@contextmanager
def swapped_folder(root: Path) -> Iterator[None]:
    """Swap ``sub`` of a workspace for a link to ``../outside`` and back until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _SWAPPER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as swapper:
        assert swapper.stdout is not None
        assert swapper.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            swapper.communicate(timeout=30)
        assert swapper.returncode == 0
