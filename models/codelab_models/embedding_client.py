"""An embedder behind an OpenAI-compatible API: an endpoint, or the model host."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from codelab.core.errors import ModelError
from codelab_models.explaining import Explainer, parsed
from codelab_models.failures import FailureKind, failure
from codelab_models.transport import Address, exchange, told

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_TEXTS = 64
"""Texts in one request; providers allow at least so many."""

MOST_CHARACTERS = 6_000
"""Of one text; the rest is left out. Common models read 512 to 8,192 tokens of some four characters."""

_ANSWER_BYTES = 64_000_000

Find = Callable[[], Coroutine[Any, Any, Address]]


class RemoteEmbedder:
    """An ``Embedder`` that asks over HTTP; each call opens connections of its own. For one thread at a time.

    Args:
        name: What a person calls it: the value of ``models.embedding``.
        model: The model's name in the requests.
        where: Returns the address to ask, with the key and whatever else is needed in its headers.
        seconds: Longest wait for one answer.
        explained: Believe the server's own explanation of its errors; for the model host.
        prompts: What is written before each query and before each passage.

    Attributes:
        tokens: Counted by the server so far, for all texts.
    """

    takes_words = False

    def __init__(
        self,
        name: str,
        model: str,
        where: Find,
        *,
        seconds: float = 60.0,
        explained: bool = False,
        prompts: tuple[str, str] = ("", ""),
    ) -> None:
        self.recipe = f"{name}, 1"
        self.tokens = 0
        self._model, self._where, self._seconds, self._explained = model, where, seconds, explained
        self._before_query, self._before_passage = prompts
        self._dimensions = 0

    @property
    def dimensions(self) -> int:
        """Length of its vectors; asks for one if there was none yet.

        Raises:
            ModelError: It could not be asked.
        """
        if not self._dimensions:
            self.embed_queries(["dimensions"])
        return self._dimensions

    def embed_passages(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return the vectors of passages; see ``Embedder``."""
        return self._embed(texts, self._before_passage)

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return the vectors of queries; see ``Embedder``."""
        return self._embed(texts, self._before_query)

    def _embed(self, texts: Sequence[str], before: str) -> "NDArray[np.float32]":
        import numpy as np

        rows: list[list[float]] = []
        for first in range(0, len(texts), MOST_TEXTS):
            some = [f"{before}{text[:MOST_CHARACTERS]}" or " " for text in texts[first : first + MOST_TEXTS]]
            try:
                rows += asyncio.run(self._ask(some))
            except ModelError as error:
                error.fix = error.fix.replace("`models.chat`", "`models.embedding`")
                raise
        vectors = np.array(rows, np.float32).reshape(len(texts), -1)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        made: NDArray[np.float32] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return made

    async def _ask(self, texts: list[str]) -> list[list[float]]:
        address = await self._where()
        explain = Explainer(address.where, _secrets(address), believed=self._explained)
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        try:
            async with (
                asyncio.timeout(self._seconds),
                exchange(address, "/embeddings", body, seconds=self._seconds) as response,
            ):
                said = bytearray()
                with told(address):
                    async for piece in response.aiter_raw():
                        said += piece
                        if len(said) > _ANSWER_BYTES:
                            raise explain.endless(_ANSWER_BYTES)
        except TimeoutError as error:
            raise explain.slow("first", self._seconds) from error
        text = said.decode("utf-8", "replace")
        if response.status_code != 200:
            raise explain.refused(response, text, self._model)
        data = parsed(text)
        if not isinstance(data, dict) or not isinstance(data.get("data"), list):
            raise explain.garbage(text)
        usage = data.get("usage")
        if isinstance(usage, dict) and isinstance(usage.get("total_tokens"), int):
            self.tokens += usage["total_tokens"]
        return self._checked(data["data"], len(texts), address)

    def _checked(self, entries: list[Any], wanted: int, address: Address) -> list[list[float]]:
        rows: list[list[float]] = [[] for _ in range(wanted)]
        for position, entry in enumerate(entries):
            number = entry.get("index", position) if isinstance(entry, dict) else None
            row = entry.get("embedding") if isinstance(entry, dict) else None
            if not isinstance(number, int) or not 0 <= number < wanted or not isinstance(row, list):
                raise _unsuitable(address, "An entry of it is no vector")
            if not all(isinstance(x, (int, float)) and math.isfinite(x) for x in row):
                raise _unsuitable(address, "A vector in it holds something that is no number")
            rows[number] = row
        missing = sum(not row for row in rows)
        if missing:
            raise _unsuitable(address, f"It has {wanted - missing} vectors for {wanted} texts")
        lengths = {len(row) for row in rows} | ({self._dimensions} if self._dimensions else set())
        if len(lengths) > 1:
            why = f"Its vectors have different lengths: {', '.join(map(str, sorted(lengths)))}"
            raise _unsuitable(address, why)
        self._dimensions = lengths.pop()
        return rows


def _unsuitable(address: Address, why: str) -> ModelError:
    return failure(
        FailureKind.GARBAGE,
        f"The vectors from {address.where} cannot be used",
        why=why,
        fix="Choose another model in `models.embedding`, or leave it empty for the bundled one",
    )


def _secrets(address: Address) -> tuple[str, ...]:
    key = address.headers.get("Authorization", "").removeprefix("Bearer ")
    return (key,) if key else ()
