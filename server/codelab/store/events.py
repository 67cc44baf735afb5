"""Events as JSON and back."""

import json
from dataclasses import fields
from typing import Any, get_args

from codelab.core.errors import StateError
from codelab.core.events import AnyEvent, ModelChosen, Passing, RunEnded, RunState, StateChanged, event_data
from codelab.core.positions import LineSpan
from codelab.core.redaction import redact_json

_KINDS: dict[str, type[AnyEvent]] = {
    kind.__name__: kind for kind in get_args(AnyEvent) if kind not in get_args(Passing)
}


def encode(event: AnyEvent) -> str:
    """Return an event as JSON, without its run and seq and without the known secrets.

    Raises:
        TypeError: It is one that only passes through.
    """
    if isinstance(event, Passing):
        raise TypeError(f"a {type(event).__name__} is not stored")
    return redact_json(json.dumps(event_data(event), ensure_ascii=True))


def decode(run_id: str, seq: int, text: str) -> AnyEvent:
    """Return the event that was encoded.

    Raises:
        StateError: It makes no sense.
    """
    try:
        data: dict[str, Any] = json.loads(text)
        kind = _KINDS[data.pop("kind")]
        known = {field.name for field in fields(kind)}
        values = {name: value for name, value in data.items() if name in known}
        if kind in (StateChanged, RunEnded):
            values["state"] = RunState(values["state"])
        if kind is ModelChosen:
            values["steps"] = tuple(values["steps"])
        if kind is RunEnded:
            values["sources"] = tuple(LineSpan(**span) for span in values.get("sources", ()))
        return kind(run=run_id, seq=seq, **values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(
            f"Event {seq} of {run_id} cannot be read",
            why=str(error),
            fix="Start a new run; the others are kept",
        ) from error
