"""One HTTP exchange with an OpenAI-compatible server; httpx is imported at the first one."""

import asyncio
import contextlib
import email.utils
import importlib
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from codelab.core.errors import ModelError
from codelab.core.redaction import redact_data
from codelab_models.failures import FailureKind, failure, one_line

if TYPE_CHECKING:
    import ssl

    import httpx


@dataclass(frozen=True, slots=True)
class Address:
    """Where an OpenAI-compatible API is.

    Attributes:
        base_url: Ends in ``/v1`` or whatever comes before ``/chat/completions``.
        socket: The unix socket that carries it; the URL's host then means nothing.
        headers: Sent with every request; they may hold secrets.
        name: What a person calls it.
    """

    base_url: str
    socket: Path | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    name: str = ""

    @property
    def where(self) -> str:
        """Its name for a person, without a password in it."""
        parts = urlsplit(self.base_url)
        return self.name or f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def with_key(self, key: str) -> "Address":
        """Return this address with a bearer token, or itself if the key is empty.

        Raises:
            ModelError: The key has characters that no header can carry.
        """
        value = key.strip()
        if not value.isascii() or not value.isprintable():
            raise failure(
                FailureKind.KEY,
                "The key for the model cannot be sent",
                why="It has characters that no key has, such as a line end",
            )
        return replace(self, headers={**self.headers, "Authorization": f"Bearer {value}"}) if value else self


def base_url_of(endpoint: str) -> str:
    """Return the base URL that a person means: with ``/v1`` if no path was given, without the method's name.

    Raises:
        ModelError: It is no http or https URL.
    """
    url = endpoint.strip().rstrip("/").removesuffix("/chat/completions")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable:
        raise failure(
            FailureKind.NOT_AN_API,
            f"{one_line(endpoint)!r} is not the URL of a model's API",
            why="It must begin with http:// or https:// and name a host",
            fix='Set `models.endpoint`, e.g. to "http://127.0.0.1:11434/v1"',
        )
    return f"{url}/v1" if parts.path in ("", "/") else url


CONNECT_SECONDS = 10.0
SHORT_BODY_BYTES = 2_000_000
SHORT_BODY_SECONDS = 10.0

_tls: list["ssl.SSLContext"] = []


async def import_httpx() -> None:
    """Import what every exchange needs; the event loop has better things to do meanwhile."""
    if "httpx" not in sys.modules:
        await asyncio.to_thread(importlib.import_module, "httpx")


async def _client(address: Address, connect_seconds: float) -> "httpx.AsyncClient":
    """Return a client for one exchange."""
    await import_httpx()
    import httpx

    timeout = httpx.Timeout(connect=connect_seconds, read=None, write=60.0, pool=None)
    headers = {"Accept-Encoding": "identity", "User-Agent": "codelab", **address.headers}
    host = urlsplit(address.base_url).hostname or ""
    if address.socket is not None:
        carrier = httpx.AsyncHTTPTransport(uds=str(address.socket), verify=False)
        return httpx.AsyncClient(transport=carrier, timeout=timeout, headers=headers, trust_env=False)
    if address.base_url.startswith("https:"):
        if not _tls:  # reading the certificates takes tens of milliseconds
            _tls.append(await asyncio.to_thread(httpx.create_ssl_context))
        return httpx.AsyncClient(verify=_tls[0], timeout=timeout, headers=headers)
    if on_this_machine(host):
        # A proxy for the world must not get what is meant for this machine.
        carrier = httpx.AsyncHTTPTransport(verify=False)
        return httpx.AsyncClient(transport=carrier, timeout=timeout, headers=headers, trust_env=False)
    return httpx.AsyncClient(timeout=timeout, headers=headers)


@contextlib.asynccontextmanager
async def exchange(
    address: Address, path: str, body: dict[str, Any] | None, *, seconds: float, method: str = ""
) -> AsyncIterator["httpx.Response"]:
    """Send a request and give the response whose body is still to be read; leaving closes the socket.

    Args:
        address: The server.
        path: What comes after the base URL.
        body: JSON to post, without the known secrets; None gets the path.
        seconds: Longest wait for the head of the response.
        method: What is sent, if it is neither of these.

    Raises:
        TimeoutError: The head did not come in time.
        ModelFailure: It cannot be reached, or broke off.
    """
    method = method or ("GET" if body is None else "POST")
    body = redact_data(body)
    client = await _client(address, min(seconds, CONNECT_SECONDS))
    async with client:
        async with asyncio.timeout(seconds):
            with told(address):
                request = client.build_request(method, address.base_url + path, json=body)
                response = await client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()


async def short_body(response: "httpx.Response", address: Address, most_bytes: int = SHORT_BODY_BYTES) -> str:
    """Return a body that is not a stream, or its beginning.

    Args:
        response: Its head has come.
        address: Who sends it.
        most_bytes: Longest body; a rest is left out.
    """
    body = bytearray()
    with contextlib.suppress(TimeoutError, ModelError):  # what has come must do
        async with asyncio.timeout(SHORT_BODY_SECONDS):
            with told(address):
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > most_bytes:
                        break
    return bytes(body).decode("utf-8", "replace")


@contextlib.contextmanager
def told(address: Address) -> Iterator[None]:
    """Turn what httpx and the system raise into failures that a person understands."""
    import httpx

    try:
        yield
    except ModelError:
        raise
    except (httpx.ConnectError, httpx.ConnectTimeout, OSError) as error:
        raise unreachable(address, error) from error
    except httpx.RemoteProtocolError as error:
        raise failure(
            FailureKind.CUT,
            f"{address.where} broke off in the middle of the answer",
            why=one_line(str(error)),
        ) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        what = f"{address.where} is not the URL of a model's API"
        raise failure(FailureKind.NOT_AN_API, what, why=one_line(str(error))) from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise failure(
            FailureKind.CUT,
            f"{address.where} ended the connection in the middle of the answer",
            why=one_line(str(error)),
        ) from error


def unreachable(address: Address, error: Exception) -> ModelError:
    """Say why there is no connection."""
    said = one_line(str(error)) or type(error).__name__
    lowered = said.lower()
    host = urlsplit(address.base_url).hostname or "the host"
    fix = ""
    if "certificate" in lowered or "ssl" in lowered or "tls" in lowered:
        why = f"The encrypted connection failed: {said}"
        fix = "Name the authority's certificates in SSL_CERT_FILE, or correct the URL"
    elif (
        "name or service" in lowered
        or "getaddrinfo" in lowered
        or "nodename" in lowered
        or "look up" in lowered
    ):
        why = f"There is no host {host!r}, or no network"
    elif "timeout" in type(error).__name__.lower():
        why = "Nothing answered in time"
    else:
        why = f"The connection failed: {said}"
    return failure(FailureKind.UNREACHABLE, f"{address.where} cannot be reached", why=why, fix=fix)


def on_this_machine(host: str) -> bool:
    """Tell whether a host's name or number means this machine."""
    return host in ("localhost", "::1") or host.startswith("127.")


def seconds_to_wait(header: str | None) -> float:
    """Return the seconds that a ``Retry-After`` header asks for, 0 if it says nothing usable."""
    if not header:
        return 0.0
    try:
        return max(0.0, min(float(header), 86_400.0))
    except ValueError:
        pass
    try:
        return max(0.0, min(email.utils.parsedate_to_datetime(header).timestamp() - time.time(), 86_400.0))
    except (ValueError, TypeError):
        return 0.0


def backoff(attempt: int, base_seconds: float, asked_seconds: float) -> float:
    """Return how long to wait before the next attempt, jitter included."""
    spread = random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
    return float(max(asked_seconds, base_seconds * 2**attempt * spread))
