"""Leaves a provider alone that keeps failing, and one that asked to wait."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, ModelFailure, failure, kind_of
from codelab_models.host.calls import ModelCall, where_of
from codelab_models.transport import Address

FAILURES = 3
"""So many requests in a row must fail, each with its retries."""

FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 300.0
"""A pause is twice as long as the one before if the request after it fails too."""

_COUNTED = frozenset({FailureKind.UNREACHABLE, FailureKind.SERVER, FailureKind.SLOW, FailureKind.GARBAGE})


@dataclass(slots=True)
class _State:
    failures: int = 0
    pause: float = FIRST_PAUSE_SECONDS
    until: float = 0.0
    probing: bool = False
    last: FailureKind = FailureKind.SERVER


class Breakers:
    """One breaker for each provider and base URL; for the thread of the event loop.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._states: dict[tuple[str, str], _State] = {}
        self._asked_to_wait: dict[tuple[str, str, str], float] = {}

    def check(self, call: ModelCall, *, alternative: bool) -> None:
        """Let a request pass, or refuse it; whoever passes must ``note`` how it went.

        Args:
            call: What would be asked.
            alternative: Whether another model can be asked instead; then a provider that asked this key to
                wait is spared too.

        Raises:
            ModelFailure: The provider is left alone for now.
        """
        now = self._clock()
        waits = self._asked_to_wait.get(_with_key(call), 0.0) - now
        if alternative and waits > 0:
            what = f"{where_of(call)} asked to wait {waits:.0f} s more"
            raise failure(FailureKind.BUSY, what, retry_after=waits)
        state = self._states.get(_place(call))
        if state is None or state.failures < FAILURES:
            return
        if state.probing or now < state.until:
            rest = max(1.0, state.until - now)
            raise failure(
                state.last,
                f"{where_of(call)} failed {state.failures} times in a row",
                why=f"It is left alone for {rest:.0f} s, then one request tries it again",
                retry_after=rest,
            )
        state.probing = True

    def note(self, call: ModelCall, error: ModelError | None) -> None:
        """Note how a request went that was let pass: None if it was answered."""
        if isinstance(error, ModelFailure) and error.kind is FailureKind.BUSY and error.retry_after:
            self._asked_to_wait[_with_key(call)] = self._clock() + error.retry_after
        if error is None:
            self._states.pop(_place(call), None)
            self._asked_to_wait.pop(_with_key(call), None)
            return
        if kind_of(error) not in _COUNTED:
            self.let_go(call)
            return
        state = self._states.setdefault(_place(call), _State())
        state.failures += 1
        state.last = kind_of(error)
        if state.failures >= FAILURES:
            state.until = self._clock() + state.pause
            state.pause = min(2 * state.pause, LONGEST_PAUSE_SECONDS)
        state.probing = False

    def let_go(self, call: ModelCall) -> None:
        """Note that a request ended without telling anything about the provider."""
        if state := self._states.get(_place(call)):
            state.probing = False

    def report(self) -> list[dict[str, object]]:
        """Return the providers that are left alone now, in words without keys."""
        now = self._clock()
        return [
            {
                "provider": provider,
                "api_base": base and Address(base).where,
                "failures": state.failures,
                "seconds": state.until - now,
            }
            for (provider, base), state in self._states.items()
            if state.failures >= FAILURES and state.until > now
        ]


def _place(call: ModelCall) -> tuple[str, str]:
    return call.provider, call.parameters.get("api_base", "")


def _with_key(call: ModelCall) -> tuple[str, str, str]:
    return *_place(call), hashlib.sha256(call.api_key.encode()).hexdigest()
