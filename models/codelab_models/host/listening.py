"""The socket of the host: a unix socket only the person can open, or loopback with a token."""

import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from codelab_models.rendezvous import Rendezvous


@dataclass(frozen=True, slots=True)
class Listening:
    """An open socket, and the token that callers must bring, if any."""

    socket: socket.socket
    token: str = field(default="", repr=False)


@contextmanager
def listening(place: Rendezvous, *, loopback: bool) -> Iterator[Listening]:
    """Listen for the length of the block; afterwards nothing of it is left.

    The caller holds the host's lock, so whatever lies there belongs to a host that is dead.
    """
    if loopback:
        with socket.create_server(("127.0.0.1", 0)) as server:
            token = secrets.token_urlsafe(32)
            written = place.address_file.with_suffix(".new")
            said = json.dumps({"port": server.getsockname()[1], "token": token})
            handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(said)
            os.replace(written, place.address_file)
            try:
                yield Listening(server, token)
            finally:
                place.address_file.unlink(missing_ok=True)
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        place.socket.unlink(missing_ok=True)
        server.bind(str(place.socket))
        place.socket.chmod(0o600)
        server.listen(256)
        try:
            yield Listening(server)
        finally:
            with suppress(OSError):
                place.socket.unlink(missing_ok=True)
