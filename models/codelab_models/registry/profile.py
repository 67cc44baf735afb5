"""What a model can do, as data.

A profile is put together from facts of several sources, each of which may leave any of them out: the family
of the model, litellm's map, the header of a GGUF file, the server that runs it, and the person's own files.
A later source goes before an earlier one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Literal, cast, get_args

Calls = Literal["native", "json", "text"]
"""How well a model calls tools: by itself, as JSON that a schema constrains, or only as text."""

Notation = Literal["tags", "object"]
"""How a model writes a call as text: JSON between tags as Qwen's and Hermes' models do, or a bare JSON object
with ``name`` and ``parameters`` as those of Llama and Gemma."""

Facts = Mapping[str, str | int | float | bool]
"""Some fields of a profile by name; what is not known is not in it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The capabilities of a model; the defaults are what is taken of a model of which nothing is known.

    Attributes:
        family: Name of its family, empty for an unknown one.
        chat: It answers chat requests.
        embedding: It makes vectors of texts.
        reasoning: It thinks before it answers.
        code: It was trained for writing code.
        calls: How it calls tools.
        notation: How it writes calls where it has to write them as text.
        parallel_calls: It makes several calls in one message.
        json_schema: Its answer can be held to a JSON schema.
        context: Most tokens of a conversation with its answer, 0 where unknown.
        output: Most tokens of one answer, 0 where unknown.
        fill_in_the_middle: It completes a gap between two texts.
        vision: It takes images.
        streaming: It sends its answer in pieces.
        billions: Parameters in billions, all experts counted, 0 where unknown.
    """

    family: str = ""
    chat: bool = True
    embedding: bool = False
    reasoning: bool = False
    code: bool = False
    calls: Calls = "native"
    notation: Notation = "tags"
    parallel_calls: bool = False
    json_schema: bool = False
    context: int = 0
    output: int = 0
    fill_in_the_middle: bool = False
    vision: bool = False
    streaming: bool = True
    billions: float = 0.0


UNKNOWN = Profile()


def profile_from(sources: Iterable[Facts], own: Iterable[Facts] = ()) -> Profile:
    """Put a profile together.

    A model that does not call tools by itself, on a server that cannot hold it to a schema, calls them as
    text, unless the person says otherwise.

    Args:
        sources: Facts that were checked, by ``wrong_fact`` or by where they were made; the last one wins.
        own: Facts that the person wrote, which win over them all.
    """
    merged: dict[str, str | int | float | bool] = {}
    for source in sources:
        merged.update(source)
    if merged.get("calls") == "json" and not merged.get("json_schema"):
        merged["calls"] = "text"
    for source in own:
        merged.update(source)
    return Profile(**merged)  # type: ignore[arg-type]  # wrong_fact has looked at each


def wrong_fact(name: str, value: object) -> str:
    """Return what is wrong with a fact that somebody wrote, or an empty string."""
    kinds = {field.name: field.type for field in fields(Profile)}
    kind = kinds.get(name)
    if kind is None:
        return f"there is no capability {name}; there are {', '.join(kinds)}"
    if kind in (Calls, Notation):
        allowed = cast("tuple[str, ...]", get_args(kind))
        return "" if value in allowed else f"{name} must be one of {', '.join(allowed)}"
    if kind is bool:
        return "" if isinstance(value, bool) else f"{name} must be true or false"
    if kind is str:
        return "" if isinstance(value, str) else f"{name} must be text"
    if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)) or value < 0:
        return f"{name} must be a number that is not negative"
    return ""


def in_words(profile: Profile) -> str:
    """Say in one line for a person what a model can do."""
    if profile.embedding and not profile.chat:
        return ", ".join(["vectors", *_context(profile)])
    calls = {"native": "native tool calls", "json": "tool calls as JSON", "text": "tool calls as text"}
    said = [calls[profile.calls]]
    said += [
        words
        for has, words in (
            (profile.parallel_calls, "several at once"),
            (profile.json_schema, "JSON schema"),
            (profile.reasoning, "reasoning"),
            (profile.code, "code"),
            (profile.fill_in_the_middle, "fill-in-the-middle"),
            (profile.vision, "images"),
            (not profile.streaming, "no streaming"),
        )
        if has
    ]
    return ", ".join([*said, *_context(profile)])


def _context(profile: Profile) -> list[str]:
    return [f"{profile.context:,} tokens of context"] if profile.context else []
