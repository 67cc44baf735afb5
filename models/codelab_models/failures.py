"""Every way in which a model fails, told in three lines.

    ModelFailure    a ``ModelError`` that also says its kind, for whoever may try again or elsewhere
    NoModel         the model named does not exist there

The same classification serves the client (HTTP answers) and the model host (exceptions of providers).
"""

import re
from enum import StrEnum

from codelab.core.errors import ModelError, NoModel


class FailureKind(StrEnum):
    """What went wrong; the value travels from the model host to the face."""

    UNREACHABLE = "unreachable"
    KEY = "key"
    UNKNOWN_MODEL = "unknown_model"
    NOT_AN_API = "not_an_api"
    BUSY = "busy"
    SERVER = "server"
    FILTERED = "content_filter"
    TOO_LONG = "context_length_exceeded"
    REFUSED = "refused"
    SLOW = "timeout"
    GARBAGE = "garbage"
    CUT = "cut"
    EMPTY = "empty"
    ENDLESS = "endless"
    LIMIT = "limit"


TRY_AGAIN = frozenset({FailureKind.UNREACHABLE, FailureKind.BUSY, FailureKind.SERVER})
"""Kinds that may pass when the same request is sent again."""

_FIXES = {
    FailureKind.UNREACHABLE: "Check that it runs and that `models.endpoint` or `models.api_base` names it",
    FailureKind.KEY: "Set the provider's key in the environment of the editor, e.g. OPENAI_API_KEY",
    FailureKind.UNKNOWN_MODEL: "Set `models.chat` to a model that it has; `codelab doctor` shows some",
    FailureKind.NOT_AN_API: "Set `models.endpoint` to the URL of an OpenAI-compatible API, ending in /v1",
    FailureKind.BUSY: "Wait a little, or choose another model in `models.chat`",
    FailureKind.SERVER: "Try again; if it stays, choose another model in `models.chat`",
    FailureKind.FILTERED: "Put it in other words, or choose another model in `models.chat`",
    FailureKind.TOO_LONG: "Start a new session, ask about fewer files, or use a model with a longer context",
    FailureKind.REFUSED: "Check that the model in `models.chat` can chat and call tools",
    FailureKind.SLOW: "Raise `models.first_token_seconds`, or choose a faster model in `models.chat`",
    FailureKind.GARBAGE: "Check that `models.endpoint` is an OpenAI-compatible API, ending in /v1",
    FailureKind.CUT: "Try again",
    FailureKind.EMPTY: "Try again, or choose another model in `models.chat`",
    FailureKind.ENDLESS: "Try again, or choose another model in `models.chat`",
    FailureKind.LIMIT: "`codelab usage` shows what was used; the limits are settings of `models`",
}

_TOO_LONG = re.compile(
    r"context[ _]length|context window|context size|maximum context|prompt is too long|too many tokens"
    r"|input is too long|exceed\w* .{0,40}tokens",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[ _](filter|policy|management)|safety (system|filter)|moderation", re.IGNORECASE
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_WHY_CHARACTERS = 300


class ModelFailure(ModelError):
    """A failure of a model, with its kind.

    Args:
        kind: What went wrong.
        what: What happened, one sentence.
        why: The cause, if known.
        fix: What the person can do; the usual advice for the kind if empty.
        retry_after: Seconds that the server asks to wait, 0 where it did not say.

    Attributes:
        relayed: The model host says it of somebody else, and has already tried again where that may help.
    """

    def __init__(
        self, kind: FailureKind, what: str, *, why: str = "", fix: str = "", retry_after: float = 0.0
    ) -> None:
        super().__init__(what, why=why, fix=fix or _FIXES[kind])
        self.kind = kind
        self.retry_after = retry_after
        self.relayed = False


def failure(
    kind: FailureKind, what: str, *, why: str = "", fix: str = "", retry_after: float = 0.0
) -> ModelError:
    """Return the error for a kind: ``NoModel`` for an unknown model, else a ``ModelFailure``."""
    if kind is FailureKind.UNKNOWN_MODEL:
        return NoModel(what, why=why, fix=fix or _FIXES[kind])
    return ModelFailure(kind, what, why=why, fix=fix, retry_after=retry_after)


def kind_of(error: ModelError) -> FailureKind:
    """Return the kind of an error made by ``failure``."""
    return error.kind if isinstance(error, ModelFailure) else FailureKind.UNKNOWN_MODEL


def refusal(
    status: int, code: str, message: str, *, model: str, where: str, retry_after: float = 0.0
) -> ModelError:
    """Classify an answer that says no.

    Args:
        status: HTTP status; 0 for an error that came inside a stream.
        code: The error's code or type, as the provider calls it.
        message: The provider's words, already passed through ``one_line``.
        model: The model asked for.
        where: Who refused, for a person: ``the model host``, ``http://127.0.0.1:8080/v1``.
        retry_after: Seconds that the server asks to wait.
    """
    kind = _kind_of_refusal(status, code, message)
    what = {
        FailureKind.KEY: f"{where} does not accept the key" if status != 0 else f"{where} wants a key",
        FailureKind.UNKNOWN_MODEL: f"{where} has no model {model!r}",
        FailureKind.NOT_AN_API: f"{where} is not an OpenAI-compatible API",
        FailureKind.BUSY: f"{where} is too busy or the quota is used up",
        FailureKind.SERVER: f"{where} failed",
        FailureKind.FILTERED: "The provider's content filter stopped the request",
        FailureKind.TOO_LONG: f"The conversation is too long for {model!r}",
        FailureKind.SLOW: f"{where} gave up waiting for {model!r}",
    }.get(kind, f"{where} refused the request")
    why = message or (f"It answered with status {status}" if status else "")
    if retry_after and kind is FailureKind.BUSY:
        why = f"{why.rstrip('.')}; it asks to wait {retry_after:.0f} s"
    return failure(kind, what, why=why, retry_after=retry_after)


def _kind_of_refusal(status: int, code: str, message: str) -> FailureKind:
    said = f"{code} {message}"
    if status in (0, 400, 413, 422, 500) and _TOO_LONG.search(said):
        return FailureKind.TOO_LONG
    if status in (0, 400, 403, 422) and _FILTERED.search(said):
        return FailureKind.FILTERED
    if status in (404, 400, 0) and ("model_not_found" in code or re.search(r"\bmodel\b", message, re.I)):
        return FailureKind.UNKNOWN_MODEL if status == 404 or "not_found" in code else FailureKind.REFUSED
    by_status = {
        401: FailureKind.KEY,
        403: FailureKind.KEY,
        404: FailureKind.NOT_AN_API,
        405: FailureKind.NOT_AN_API,
        408: FailureKind.SLOW,
        413: FailureKind.TOO_LONG,
        429: FailureKind.BUSY,
    }
    if status in by_status:
        return by_status[status]
    if 300 <= status < 400:
        return FailureKind.NOT_AN_API
    return FailureKind.SERVER if status == 0 or status >= 500 else FailureKind.REFUSED


def one_line(text: str, *, secrets: tuple[str, ...] = ()) -> str:
    """Make a provider's words fit to show: one line, no control characters, no keys, not too long."""
    for secret in secrets:
        if len(secret) >= 6:
            text = text.replace(secret, "[key]")
    text = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return text if len(text) <= _WHY_CHARACTERS else text[: _WHY_CHARACTERS - 1] + "…"
