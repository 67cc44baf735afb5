"""Several models in turn: each is asked only if those before it failed before they had said anything."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from codelab.core.errors import ModelError
from codelab_models.chat import ChatModel
from codelab_models.counting import count_tokens
from codelab_models.naming import EDITOR
from codelab_models.unknown import no_lent_model
from codelab_models.wire import ChatRequest, Completion, Part, PromptRead


class ModelsInTurn:
    """A ``ChatModel`` made of a server's models and the one that the client lends.

    Args:
        server: The model host, or an endpoint.
        lent: The client's model, if it lends one.
        names: The models asked where a request names none, in order.
        at_once: The server takes several models in one request and goes from one to the next by itself.
    """

    def __init__(
        self, server: ChatModel, lent: ChatModel | None, names: Sequence[str], *, at_once: bool
    ) -> None:
        self._server = server
        self._lent = lent
        self._names = tuple(names)
        self._at_once = at_once

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        """Answer a request; see ``ChatModel``."""
        async with aclosing(first_to_answer(self._turns(request))) as parts:
            async for part in parts:
                yield part

    async def count(self, request: ChatRequest) -> int | None:
        """Count a request's tokens by the model that is asked first; see ``TokenCounter``."""
        turns = self._turns(request)
        return await count_tokens(*turns[0]) if turns else 0

    def _turns(self, request: ChatRequest) -> list[tuple[ChatModel, ChatRequest]]:
        others = self._names[1:] if request.fallbacks is None else request.fallbacks
        turns: list[tuple[ChatModel, ChatRequest]] = []
        for name in dict.fromkeys((request.model or self._names[0], *others)):
            last = turns[-1] if turns else None
            if name.partition("/")[0] == EDITOR:
                if self._lent is not None:
                    turns.append((self._lent, replace(request, model=name, fallbacks=())))
            elif self._at_once and last is not None and last[0] is self._server:
                turns[-1] = (self._server, replace(last[1], fallbacks=(*(last[1].fallbacks or ()), name)))
            else:
                turns.append((self._server, replace(request, model=name, fallbacks=())))
        return turns


async def first_to_answer(
    turns: Sequence[tuple[ChatModel, ChatRequest]],
) -> AsyncGenerator[Part, None]:
    """Yield the answer of the first model that says anything; see ``ChatModel.stream``.

    Args:
        turns: Models and what each is asked, in order.

    Raises:
        ModelError: None answered, and this is why the first did not; or the answer broke off in the middle.
    """
    passed: list[ModelError] = []
    for model, request in turns:
        said = False
        try:
            async with aclosing(model.stream(request)) as parts:
                async for part in parts:
                    said = said or not isinstance(part, PromptRead)
                    if isinstance(part, Completion) and passed:
                        yield replace(part, extra={**part.extra, "passed_over": _told(passed, part)})
                    else:
                        yield part
            return
        except ModelError as error:
            if said:
                raise
            passed.append(error)
    if not passed:
        raise no_lent_model()
    first, *others = passed
    if others:
        instead = "; ".join(f"asked instead: {error.what}" for error in others)
        first.why = f"{first.why.rstrip('.')}. {instead[0].upper()}{instead[1:]}".removeprefix(". ")
    raise first


def _told(passed: list[ModelError], part: Completion) -> list[dict[str, str]]:
    before = part.extra.get("passed_over")
    told = [{"why": error.what} for error in passed]
    return [*told, *before] if isinstance(before, list) else told
