"""litellm, imported in the background and kept quiet."""

import asyncio
import importlib
import logging
import os
import threading
from contextlib import suppress
from types import ModuleType

from codelab_models.failures import FailureKind, failure

_QUIET = {
    "suppress_debug_info": True,
    "turn_off_message_logging": True,
    "drop_params": True,  # what a model does not know is left out instead of refused
    "disable_hf_tokenizer_download": True,
    "num_retries": 0,  # the face tries again, which knows what it has shown
}


class ProvidersLibrary:
    """The import of litellm: it takes seconds, so it begins once the socket is open."""

    def __init__(self) -> None:
        self._loading: asyncio.Future[ModuleType] | None = None

    def begin(self) -> None:
        """Begin to import; the event loop keeps answering, and may end before the import does."""
        loop = asyncio.get_running_loop()
        loading: asyncio.Future[ModuleType] = loop.create_future()
        self._loading = loading

        def settle(library: ModuleType | None, error: Exception | None) -> None:
            if library is not None:
                loading.set_result(library)
            elif error is not None:
                loading.set_exception(error)

        def load() -> None:
            library, problem = None, None
            try:
                library = _import_quietly()
            except Exception as error:  # told to whoever asks for a model
                problem = error
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, library, problem)

        threading.Thread(target=load, name="import", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether it is there."""
        done = self._loading is not None and self._loading.done()
        return done and not self.error

    @property
    def now(self) -> ModuleType | None:
        """The module if it is there by now."""
        return self._loading.result() if self._loading is not None and self.ready else None

    @property
    def error(self) -> str:
        """Why it cannot be imported, or an empty string."""
        if self._loading is None or not self._loading.done() or self._loading.cancelled():
            return ""
        error = self._loading.exception()
        return f"{type(error).__name__}: {error}" if error else ""

    async def get(self) -> ModuleType:
        """Return the module, waiting for it.

        Raises:
            ModelFailure: It cannot be imported.
        """
        if self._loading is None:
            self.begin()
        if self._loading is not None:
            await asyncio.wait([self._loading])
            if not self.error:
                return self._loading.result()
        raise failure(
            FailureKind.SERVER,
            "The model host cannot load the providers",
            why=self.error,
            fix="Install CodeLab again; its package litellm does not load",
        )


def _import_quietly() -> ModuleType:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network while being imported
    os.environ["LITELLM_LOG"] = "CRITICAL"
    os.environ["REPEATED_STREAMING_CHUNK_LIMIT"] = "1000000000"  # else it aborts long runs of equal pieces
    litellm = importlib.import_module("litellm")
    for name, value in _QUIET.items():
        setattr(litellm, name, value)
    for name in ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router", "openai", "httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        logger.disabled = True
    return litellm
