"""Imported by every Python that starts with this folder on PYTHONPATH: keeps it off the network.

Only loopback and unix sockets stay reachable. An attempt fails as it would on a machine with no network, and
is noted in the file named by CODELAB_TEST_NETWORK_LOG, so that it counts even where the process swallows the
failure. Standard library only, and as little of it as possible: this runs at every start.
"""

import errno
import os
import sys

LOG_VARIABLE = "CODELAB_TEST_NETWORK_LOG"


def is_local(host: object) -> bool:
    """Tell whether a host name or address is this machine's loopback (or none at all)."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return host is None
    name = host.lower().rstrip(".").removeprefix("::ffff:")
    parts = name.split(".")
    loopback = len(parts) == 4 and parts[0] == "127" and all(part.isdigit() for part in parts)
    return loopback or name in ("", "localhost", "::1", "ip6-localhost")


def is_address(host: object) -> bool:
    """Tell whether a host is a numeric address, which is looked up without asking anyone."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return ":" in text or text.replace(".", "").isdigit()


def note(event: str, target: object) -> None:
    """Write an attempt down where the test's own process looks for it."""
    if path := os.environ.get(LOG_VARIABLE):
        line = f"{event} {target!r} by process {os.getpid()}: {' '.join(sys.argv[:3])!r}\n"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, line.encode())
        os.close(handle)


def _watch(event: str, args: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        import socket

        sock, address = args[0], args[1]
        inet = getattr(sock, "family", None) in (socket.AF_INET, socket.AF_INET6)
        if inet and isinstance(address, tuple) and not is_local(address[0]):
            note(event, address)
            raise OSError(errno.ENETUNREACH, f"tests may not reach {address!r}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        import socket

        if not is_local(args[0]) and not is_address(args[0]):
            note(event, args[0])
            raise socket.gaierror(socket.EAI_NONAME, f"tests may not look up {args[0]!r}")


def install() -> None:
    """Watch this process from now on; it cannot be undone, so call it once."""
    sys.addaudithook(_watch)


def _run_the_one_we_hide() -> None:
    """Run the sitecustomize that Python would have found without this one, such as a distribution's."""
    from importlib.machinery import PathFinder

    here = os.path.dirname(os.path.abspath(__file__))
    rest = [entry for entry in sys.path if os.path.abspath(entry) != here]
    found = PathFinder.find_spec("sitecustomize", rest)
    if found and found.loader:
        from importlib.util import module_from_spec

        found.loader.exec_module(module_from_spec(found))


if __name__ == "sitecustomize":
    install()
    _run_the_one_we_hide()
