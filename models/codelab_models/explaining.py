"""Turns what a server sent instead of an answer into the error that a person reads."""

import json
from typing import TYPE_CHECKING, Any

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, ModelFailure, failure, one_line, refusal
from codelab_models.transport import seconds_to_wait

if TYPE_CHECKING:
    import httpx


class Explainer:
    """Knows who answers and what must not be repeated.

    Args:
        where: The server's name for a person.
        secrets: Keys that the server may repeat and a person should not see on a screen.
        believed: Whether the server explains its errors in our own words, as the model host does.
    """

    def __init__(self, where: str, secrets: tuple[str, ...] = (), *, believed: bool = False) -> None:
        self.where = where
        self._secrets = secrets
        self._believed = believed

    def refused(self, response: "httpx.Response", body: str, model: str) -> ModelError:
        """Explain a response whose status is not 200."""
        data = parsed(body)
        error = data.get("error") if isinstance(data, dict) else None
        if error is None:
            said = data.get("message") or data.get("detail") if isinstance(data, dict) else ""
            error = {"message": said if isinstance(said, str) else ""}
        wait = seconds_to_wait(response.headers.get("retry-after"))
        return self.error_object(error, response.status_code, model, wait)

    def error_object(self, error: Any, status: int, model: str, wait: float = 0.0) -> ModelError:
        """Explain an error object; ``status`` 0 means that it came inside an answer."""
        if not isinstance(error, dict):
            error = {"message": str(error)}
        own = error.get("codelab")
        if self._believed and isinstance(own, dict):
            what, why, fix = (one_line(str(own.get(name, ""))) for name in ("what", "why", "fix"))
            kind = str(own.get("kind", ""))
            known = FailureKind(kind) if kind in {str(one) for one in FailureKind} else FailureKind.REFUSED
            told = failure(known, what, why=why, fix=fix, retry_after=wait)
            if isinstance(told, ModelFailure):
                told.relayed = True
            return told
        message = one_line(str(error.get("message") or ""), secrets=self._secrets)
        code = str(error.get("code") or error.get("type") or "")
        if status == 0 and code.isdigit() and len(code) == 3:
            status = int(code)
        return refusal(status, code, message, model=model, where=self.where, retry_after=wait)

    def slow(self, piece: str, seconds: float) -> ModelError:
        """Explain that the ``first`` or ``next`` piece of an answer did not come."""
        why = f"The {piece} piece of its answer did not come within {seconds:g} s"
        return failure(FailureKind.SLOW, f"{self.where} does not answer", why=why)

    def cut(self) -> ModelError:
        """Explain a stream that ended too early."""
        what = f"{self.where} broke off in the middle of the answer"
        return failure(FailureKind.CUT, what, why="The stream ended without saying that it is complete")

    def endless(self, limit: int) -> ModelError:
        """Explain an answer that is too long."""
        why = f"An answer may have {limit:,} bytes"
        return failure(FailureKind.ENDLESS, f"{self.where} does not stop answering", why=why)

    def garbage(self, text: str) -> ModelError:
        """Explain an answer that makes no sense."""
        beginning = one_line(text, secrets=self._secrets)[:60]
        return failure(
            FailureKind.GARBAGE,
            f"{self.where} sent something that is not an answer of a model",
            why=f"It begins with {beginning!r}" if beginning else "It is empty",
        )


def parsed(text: str) -> Any:
    """Return JSON, or None for anything else."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
