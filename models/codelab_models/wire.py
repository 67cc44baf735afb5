"""What passes between CodeLab and a model, in the terms of the OpenAI chat API."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it; ``parameters`` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model makes.

    Attributes:
        id: What its result refers to.
        name: The tool.
        arguments: The text that the model wrote; JSON that fits the tool once ``codelab_models.calls.parse``
            has been over it and found no problem.
        problem: Why the call cannot be carried out, in words for the model; empty if it can.
    """

    id: str
    name: str
    arguments: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    Attributes:
        role: Who speaks.
        content: The text; may be empty beside tool calls.
        calls: Tool calls of an assistant.
        call_id: For a tool's message, the call it answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A question to a model.

    Attributes:
        messages: The conversation.
        tools: What the model may call.
        model: Who is asked; empty means the one configured for chat.
        max_tokens: Most tokens of the answer.
        temperature: How far the model may stray.
        response_schema: A JSON schema that the server holds the answer to.
        fallbacks: Asked in this order where the one before fails before it has said anything; None means
            those that are configured.
        session: Whose request it is, for the accounts.
        agent: Which agent's request it is, for the accounts.
        forced: Name of the tool that must be called, where the model may not choose.
        fresh: No answer of before may serve, because tools act on it.
    """

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    model: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    response_schema: dict[str, Any] | None = None
    fallbacks: tuple[str, ...] | None = None
    session: str = ""
    agent: str = ""
    forced: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text as it arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class PromptRead:
    """How much of the request a model has read; on a slow machine that takes minutes before the first text.

    Attributes:
        processed: Tokens read.
        total: Tokens in all.
    """

    processed: int
    total: int


@dataclass(frozen=True, slots=True)
class Completion:
    """The complete answer; the last thing a stream yields.

    Attributes:
        message: The assistant's message, text and calls.
        finish_reason: ``stop``, ``tool_calls``, ``length``, ``content_filter`` or what the model said.
        model: The model that answered.
        tokens_in: Tokens of the request, 0 where the server did not say.
        tokens_out: Tokens of the answer, 0 where the server did not say.
        cost_usd: Price in US dollars where known.
        extra: What else the server said: ``reasoning``; of the model host ``passed_over`` (models that failed
            before this one answered), ``warnings`` (limits that are near) and ``cached``.
    """

    message: Message
    finish_reason: str
    model: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)


Part = TextDelta | PromptRead | Completion
"""What a stream yields."""
