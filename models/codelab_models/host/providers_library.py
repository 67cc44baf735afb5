"""litellm, imported in the background and kept quiet."""

import asyncio
import importlib
import logging
import os
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
        self._loading: asyncio.Task[ModuleType] | None = None

    def begin(self) -> None:
        """Begin to import; the event loop keeps answering."""
        self._loading = asyncio.create_task(asyncio.to_thread(_import_quietly))

    @property
    def ready(self) -> bool:
        """Whether it is there."""
        done = self._loading is not None and self._loading.done()
        return done and not self.error

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
