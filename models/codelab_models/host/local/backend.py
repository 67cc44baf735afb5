"""The models on this machine; see ``codelab_models.host.routing.Backend``."""

import asyncio
import base64
from array import array
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from codelab.config.settings import ModelSettings
from codelab_models.failures import FailureKind, failure, one_line
from codelab_models.host.calls import ModelCall
from codelab_models.host.local.answering import answer
from codelab_models.host.local.chunks import Chunks, whole_answer
from codelab_models.host.local.dialect import dialect_of
from codelab_models.host.local.plan import Purpose
from codelab_models.host.local.pool import LocalPool
from codelab_models.host.local.wanted import read_wanted
from codelab_models.joining import Answer
from codelab_models.local_models import files_in, model_folders, path_of, short_name
from codelab_models.sentence_models import is_sentence_model

TEXTS_A_TURN = 8
"""Texts embedded before somebody else, such as a search with its query, may have the model."""

_MOST_LISTED = 200


class LocalBackend:
    """Answers with the models on this machine.

    Args:
        settings: Returns the person's settings as they are now.
        own_folder: Where CodeLab keeps models.
    """

    def __init__(self, settings: Callable[[], ModelSettings], own_folder: Path) -> None:
        self._settings = settings
        self._own_folder = own_folder
        self._pool = LocalPool(settings)

    async def stream(self, call: ModelCall) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks of an answer; while a long prompt is evaluated, chunks that say how far it is."""
        if is_sentence_model(call.model):
            why = "Models of the sentence-transformers kind make vectors and cannot write"
            fix = "Use it in `models.embedding`, and another in `models.chat`"
            raise failure(FailureKind.REFUSED, f"{one_line(call.model)} cannot answer", why=why, fix=fix)
        path = await self._path(call.model)
        async with self._pool.turn(path, Purpose.CHAT) as loaded:
            wanted = read_wanted(call.fields, dialect_of(loaded.template))
            async with aclosing(answer(loaded.process, wanted, Chunks(call.model))) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def complete(self, call: ModelCall) -> dict[str, Any]:
        """Return a whole answer."""
        joined = Answer(call.model)
        last: dict[str, Any] = {}
        async with aclosing(self.stream(call)) as chunks:
            async for last in chunks:
                joined.add(last)
        return whole_answer(last, joined.completion())

    async def embed(self, call: ModelCall) -> dict[str, Any]:
        """Return vectors."""
        if "dimensions" in call.fields:
            why = "`dimensions` cannot be chosen for a model on this machine"
            raise failure(FailureKind.REFUSED, "The local model does not understand the request", why=why)
        path = await self._path(call.model)
        purpose = Purpose.SENTENCES if is_sentence_model(call.model) else Purpose.EMBEDDING
        texts = [text or " " for text in call.fields["input"]]
        vectors: list[str] = []
        tokens = 0
        for first in range(0, len(texts), TEXTS_A_TURN):
            request = {"do": "embed", "texts": texts[first : first + TEXTS_A_TURN]}
            async with (
                self._pool.turn(path, purpose) as loaded,
                aclosing(loaded.process.ask(request)) as events,
            ):
                async for event in events:
                    vectors += event["vectors"]
                    tokens += event["done"]["prompt_tokens"]
        as_base64 = call.fields.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": number, "embedding": row if as_base64 else _numbers(row)}
            for number, row in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens, "cost": 0.0}
        return {"object": "list", "data": data, "model": call.model, "usage": usage}

    async def count(self, call: ModelCall) -> int | None:
        """Return a request's tokens beside whatever the model does; None if it is not loaded.

        Nothing is loaded for it: that takes longer than any count is worth.
        """
        if is_sentence_model(call.model):
            return 0
        loaded = await self._pool.now(await self._path(call.model), Purpose.CHAT)
        if loaded is None:
            return None
        event = await loaded.process.ask_aside({**call.fields, "do": "count"})
        tokens: int = event["done"]["prompt_tokens"]
        return tokens

    async def models(self) -> list[str]:
        """Return the names of the files in the folders for models."""
        files = await asyncio.to_thread(lambda: list(files_in(self._folders(), _MOST_LISTED)))
        return list(dict.fromkeys(short_name(path) for path in files))

    async def close(self) -> None:
        """End all children."""
        await self._pool.close()

    async def _path(self, model: str) -> Path:
        return await asyncio.to_thread(path_of, model, self._folders())

    def _folders(self) -> tuple[Path, ...]:
        return model_folders(Path.home(), self._own_folder, self._settings().local_folders)


def _numbers(row: str) -> list[float]:
    return array("f", base64.b64decode(row)).tolist()
