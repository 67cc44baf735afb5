"""Asks the model host what was used, and makes it forget the answers that it keeps."""

import asyncio
from typing import Any

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab_models.explaining import Explainer, parsed
from codelab_models.rendezvous import limits_header
from codelab_models.start import ensure_host
from codelab_models.transport import Address, exchange, told

_SECONDS = 30.0


async def read_usage(places: Places, settings: Settings, by: str) -> dict[str, Any]:
    """Return what ``/usage`` tells; see ``codelab_models.host.usage``.

    Args:
        places: Where the host's folder is.
        settings: The limits to compare with.
        by: How this month is broken down: ``model``, ``agent``, ``session``, ``provider`` or ``day``.

    Raises:
        ModelError: The host cannot be started or does not know.
    """
    return await _ask(places, settings, f"/usage?by={by}", "GET")


async def clear_cache(places: Places, settings: Settings) -> int:
    """Make the host forget the answers that it keeps; return how many there were.

    Raises:
        ModelError: The host cannot be started.
    """
    return int((await _ask(places, settings, "/cache", "DELETE"))["cleared"])


async def _ask(places: Places, settings: Settings, path: str, method: str) -> dict[str, Any]:
    host = await ensure_host(places, settings)
    headers = {**host.headers, **limits_header(settings.models)}
    address = Address(host.base_url, host.socket, headers, host.name)
    explain = Explainer(address.where, believed=True)
    body = bytearray()
    try:
        async with (
            asyncio.timeout(_SECONDS),
            exchange(address, path, None, seconds=_SECONDS, method=method) as response,
        ):
            with told(address):
                async for piece in response.aiter_raw():
                    body += piece
    except TimeoutError as error:
        raise explain.slow("first", _SECONDS) from error
    text = body.decode("utf-8", "replace")
    if response.status_code != 200:
        raise explain.refused(response, text, "")
    data = parsed(text)
    if not isinstance(data, dict):
        raise explain.garbage(text)
    return data
