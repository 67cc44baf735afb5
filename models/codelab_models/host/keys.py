"""Keys that the person keeps in the system's keyring, looked up for one request at a time.

The package ``keyring`` is not among CodeLab's own. Where it is installed beside it, the key of a provider is
kept by ``keyring set codelab openai``, that for a base URL by ``keyring set codelab HOST``.
"""

import asyncio
import importlib
import importlib.util
import logging
import threading
from contextlib import suppress
from dataclasses import replace
from functools import cache
from urllib.parse import urlsplit

from codelab.core.errors import ModelError
from codelab.core.redaction import learn, redact_data
from codelab_models.failures import FailureKind, failure
from codelab_models.host.calls import ModelCall
from codelab_models.providers import LOCAL_PROVIDERS, provider_of
from codelab_models.transport import Address

log = logging.getLogger("codelab.host")

SERVICE = "codelab"
SECONDS = 5.0
"""A keyring that is locked may ask the person; after so long the request goes without."""


async def with_key_from_keyring(call: ModelCall) -> ModelCall:
    """Return a call with the key from the keyring if it brings none and there is one."""
    base = call.parameters.get("api_base", "")
    name = (urlsplit(base).hostname or "") if base else call.provider
    needless = call.api_key or not name or (call.provider in LOCAL_PROVIDERS and not base)
    if needless or not _installed():
        return call
    key = await _look_up(name)
    return replace(call, api_key=key) if key else call


def no_key(call: ModelCall) -> ModelError:
    """Return the error for a model that wants a key where none was found."""
    provider, base = provider_of(call.model), call.parameters.get("api_base", "")
    kept_as = (urlsplit(base).hostname if base else "") or provider.name
    variables = " or ".join(provider.keys) or "the provider's variables"
    fix = f"Set {variables} in the environment that CodeLab or its editor is started from"
    return failure(
        FailureKind.KEY,
        f"There is no key for {Address(base).where if base else provider.title}",
        why="The request brings none" + (", and the keyring has none" if _installed() else ""),
        fix=f"{fix}, or keep one by `keyring set {SERVICE} {kept_as}`" if _installed() else fix,
    )


def without_secrets(call: ModelCall) -> ModelCall:
    """Return a call whose messages hold none of the keys that this process has seen, its own among them."""
    if call.api_key:
        learn([call.api_key])
    return replace(call, fields=redact_data(call.fields))


@cache
def _installed() -> bool:
    return importlib.util.find_spec("keyring") is not None


async def _look_up(name: str) -> str:
    loop = asyncio.get_running_loop()
    found: asyncio.Future[str] = loop.create_future()

    def settle(key: str) -> None:
        if not found.done():
            found.set_result(key)

    def look() -> None:
        key = ""
        try:
            key = importlib.import_module("keyring").get_password(SERVICE, name) or ""
        except Exception as error:  # no keyring on this machine, or one that is locked
            log.info("the keyring does not answer: %s", type(error).__name__)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, str(key))

    # A thread of its own: one that waits for the person must not keep the host from ending.
    threading.Thread(target=look, name="keyring", daemon=True).start()
    with suppress(TimeoutError):
        return await asyncio.wait_for(found, SECONDS)
    return ""
