"""The socket of the host: a unix socket only the person can open, or loopback with a token."""

import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from codelab_models.rendezvous import Rendezvous


@dataclass(slots=True)
class Listening:
    """An open socket.

    Attributes:
        socket: Whoever has connected before ``leave`` is still there afterwards.
        found_at: The file by which faces find it.
        token: What callers must bring, if anything.
    """

    socket: socket.socket
    found_at: Path
    token: str = field(default="", repr=False)
    _left: bool = False

    def leave(self) -> None:
        """Be found no more. What lies there from now on is another host's."""
        if not self._left:
            self._left = True
            self.found_at.unlink(missing_ok=True)


@contextmanager
def listening(place: Rendezvous, *, loopback: bool) -> Iterator[Listening]:
    """Listen for the length of the block; afterwards nothing of it is left.

    The caller holds the host's lock, so whatever lies there belongs to a host that is dead or has left.
    """
    with _on_loopback(place) if loopback else _on_unix_socket(place) as listener:
        try:
            yield listener
        finally:
            listener.leave()


@contextmanager
def _on_loopback(place: Rendezvous) -> Iterator[Listening]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        token = secrets.token_urlsafe(32)
        written = place.address_file.with_suffix(".new")
        said = json.dumps({"port": server.getsockname()[1], "token": token})
        handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(said)
        os.replace(written, place.address_file)
        yield Listening(server, place.address_file, token)


@contextmanager
def _on_unix_socket(place: Rendezvous) -> Iterator[Listening]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        place.socket.unlink(missing_ok=True)
        server.bind(str(place.socket))
        place.socket.chmod(0o600)
        server.listen(256)
        yield Listening(server, place.socket)
