"""A model that is asked without the model host, held to the person's limits all the same.

That is ``models.endpoint``, and the model that an editor lends. Their prices are not known before they have
answered, so a budget stops a request only once it is used up.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from codelab.core.errors import ModelError
from codelab_models.chat import ChatModel
from codelab_models.counting import count_tokens
from codelab_models.failures import FailureKind, failure, kind_of
from codelab_models.wire import ChatRequest, Completion, Part, PromptRead

if TYPE_CHECKING:
    from codelab.config.settings import ModelSettings
    from codelab_models.accounts.ledger import Outcome
    from codelab_models.accounts.limits import Asker


class CountedModel:
    """A ``ChatModel`` whose requests are counted.

    Args:
        model: Who answers.
        path: The accounts, ``models.db``, which the model host and other faces write too.
        limits: The person's settings.
        provider: Under which name it is accounted for.
        name: The model's name where a request names none and nothing was answered.
    """

    def __init__(
        self, model: ChatModel, path: Path, limits: "ModelSettings", *, provider: str, name: str = ""
    ) -> None:
        self.counted = model
        self._path = path
        self._limits = limits
        self._provider = provider
        self._name = name

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        """Answer a request; see ``ChatModel``.

        Raises:
            ModelError: A limit is reached, or what the model raises.
        """
        from codelab_models.accounts.ledger import Outcome
        from codelab_models.accounts.limits import Asker

        asker = Asker(request.session, request.agent, self._provider, request.model or self._name)
        number, near = await asyncio.to_thread(self._begin, asker)
        began = time.monotonic()
        first: float | None = None
        outcome = Outcome("left", 0.0)
        try:
            async with aclosing(self.counted.stream(request)) as parts:
                async for part in parts:
                    if first is None and not isinstance(part, PromptRead):
                        first = time.monotonic() - began
                    if isinstance(part, Completion):
                        outcome = Outcome("answered", 0.0, part.tokens_in, 0, part.tokens_out, None)
                        outcome = replace(outcome, cost_usd=part.cost_usd, model=part.model)
                        part = _with_warnings(part, near)  # noqa: PLW2901 - the part itself, with more to say
                    yield part
        except ModelError as error:
            outcome = Outcome(str(kind_of(error)), 0.0)
            raise
        finally:
            seconds = time.monotonic() - began
            ended = replace(outcome, seconds=seconds, first_token_seconds=first)
            await asyncio.to_thread(self._settle, number, ended)

    async def count(self, request: ChatRequest) -> int | None:
        """Count a request's tokens, which costs nothing; see ``TokenCounter``."""
        return await count_tokens(self.counted, request)

    def _begin(self, asker: "Asker") -> tuple[int, list[str]]:
        """Write down a request before it is sent; return its number, and which limits are near."""
        from codelab_models.accounts.ledger import Attempt, Ledger
        from codelab_models.accounts.limits import budgets_for, too_many, used_up, warnings

        limits, now = self._limits, time.time()
        with closing(Ledger(self._path)) as ledger:
            for budget in budgets_for(limits, asker):
                if (spent := budget.spent(ledger, now)) >= budget.usd:
                    raise used_up(budget, f"${spent:.4f} of it are spent", asker.model)
            near = warnings(limits, ledger, now, asker)
            attempt = Attempt("chat", True, asker.session, asker.agent, asker.provider, asker.model, 0.0)
            number = ledger.begin(attempt, most_in_hour=limits.requests_per_hour)
            if number is None:
                reached = failure(FailureKind.LIMIT, "The limit of requests to models in an hour is reached")
                raise too_many(limits, ledger, now) or reached
            return number, near

    def _settle(self, number: int, outcome: "Outcome") -> None:
        from codelab_models.accounts.ledger import Ledger

        with closing(Ledger(self._path)) as ledger, suppress(ModelError):  # the answer is there all the same
            ledger.settle(number, outcome)


def _with_warnings(completion: Completion, near: list[str]) -> Completion:
    if not near:
        return completion
    told = completion.extra.get("warnings")
    return replace(
        completion, extra={**completion.extra, "warnings": [*near, *(told if isinstance(told, list) else [])]}
    )
