"""Making a conversation fit the room that its model has, without parting a tool call from its result."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from codelab_models.tokens import tokens_of_message, tokens_of_text
from codelab_models.wire import Message

AFTERWARDS = 0.6
"""Part of the room that is filled after something was left out: what follows is then only added for a while,
and a provider's cache of the beginning holds."""

EMPTIED = "(This result was left out to save room. Call the tool again if you need it.)"
SHORTENED = "\n... (the rest was left out to save room)"
_SHORTENED_TOKENS = tokens_of_text(SHORTENED) + 4  # and what is around each message
DROPPED = "(Earlier steps were left out here to save room.)"


@dataclass(frozen=True, slots=True)
class Window:
    """What is left out of a conversation, counted from its beginning; it only grows.

    Attributes:
        emptied: Steps whose results are left out, while the calls stay.
        dropped: Questions of earlier runs, then steps, that are left out whole.
    """

    emptied: int = 0
    dropped: int = 0


def fitted(said: Sequence[Message], window: Window, room: int) -> tuple[list[Message], Window]:
    """Return the part of a conversation that a model is told.

    Instructions, the task and the last step always stay. Beyond the room the results of old steps go first,
    then earlier questions and steps, then the ends of the last step's results.

    Args:
        said: All messages of the run.
        window: What is left out already.
        room: Tokens there are for messages; 0 means any number.

    Returns:
        The messages, and what is left out of them; the same as before as long as there is room.
    """
    parts = _taken_apart(said)
    told = _told(parts, window)
    counted = cache(tokens_of_message)  # most messages stay the same from one window to the next
    if room <= 0 or sum(map(counted, told)) <= room:
        return told, window
    for wider in _wider(parts, window):
        window = wider
        told = _told(parts, window)
        if sum(map(counted, told)) <= room * AFTERWARDS:
            return told, window
    return _shortened(told, room, counted), window


def tokens_told(said: Sequence[Message], window: Window) -> int:
    """Return about how many tokens of a conversation a model is told through a window."""
    return sum(map(tokens_of_message, _told(_taken_apart(said), window)))


@dataclass(frozen=True, slots=True)
class _Parts:
    """A conversation: instructions, questions of earlier runs with their answers, the task, and its steps."""

    system: tuple[Message, ...]
    earlier: tuple[tuple[Message, ...], ...]
    task: tuple[Message, ...]
    steps: tuple[tuple[Message, ...], ...]


def _taken_apart(said: Sequence[Message]) -> _Parts:
    first_step = next((at for at, one in enumerate(said) if one.calls or one.role == "tool"), len(said))
    task = max((at for at in range(first_step) if said[at].role == "user"), default=-1)
    begin = 1 if said and said[0].role == "system" else 0
    earlier = tuple(_groups(said[begin:task], ("user",))) if task >= 0 else ()
    steps = tuple(_groups(said[task + 1 :] if task >= 0 else said[begin:], ("assistant", "user")))
    return _Parts(tuple(said[:begin]), earlier, tuple(said[task : task + 1]) if task >= 0 else (), steps)


def _groups(messages: Sequence[Message], begins: Collection[str]) -> Iterator[tuple[Message, ...]]:
    """Yield messages in groups that stay together, each beginning with one of these roles."""
    group: list[Message] = []
    for message in messages:
        if group and message.role in begins:
            yield tuple(group)
            group = []
        group.append(message)
    if group:
        yield tuple(group)


def _told(parts: _Parts, window: Window) -> list[Message]:
    dropped_steps = max(0, window.dropped - len(parts.earlier))
    task = parts.task
    if dropped_steps:
        task = tuple(replace(one, content=f"{one.content}\n\n{DROPPED}") for one in task)
    told = [*parts.system]
    for pair in parts.earlier[window.dropped :]:
        told += pair
    told += task
    for number, step in enumerate(parts.steps):
        if number >= dropped_steps:
            told += _emptied(step) if number < window.emptied else step
    return told


def _emptied(step: tuple[Message, ...]) -> list[Message]:
    return [
        replace(one, content=EMPTIED) if one.role == "tool" and len(one.content) > len(EMPTIED) else one
        for one in step
    ]


def _wider(parts: _Parts, window: Window) -> Iterator[Window]:
    """Yield windows that leave out more and more, up to all but the last step."""
    last = len(parts.steps) - 1
    for emptied in range(window.emptied + 1, last + 1):
        window = replace(window, emptied=emptied)
        yield window
    for dropped in range(window.dropped + 1, len(parts.earlier) + max(last, 0) + 1):
        window = replace(window, dropped=dropped)
        yield window


def _shortened(told: list[Message], room: int, counted: Callable[[Message], int]) -> list[Message]:
    """Return messages in which the last step's results share what room there is."""
    results = [one for one in told if one.role == "tool" and one.content != EMPTIED]
    if not results:
        return told
    others = sum(map(counted, told)) - sum(map(counted, results))
    share = max(0, (room - others) // len(results) - _SHORTENED_TOKENS)
    return [
        replace(one, content=_beginning(one.content, share) + SHORTENED)
        if one.role == "tool" and one.content != EMPTIED and counted(one) > share + _SHORTENED_TOKENS
        else one
        for one in told
    ]


def _beginning(text: str, tokens: int) -> str:
    """Return as much of a text's beginning as about so many tokens have."""
    whole = tokens_of_text(text)
    kept = text[: len(text) * tokens // max(1, whole)]
    while kept and (has := tokens_of_text(kept)) > tokens:  # where the beginning is denser than the rest
        kept = kept[: len(kept) * tokens // has]
    return kept
