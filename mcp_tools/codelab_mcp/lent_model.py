"""The client's own model, asked by sampling, which the revisions with a handshake have; docs/protocol.md."""

import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import groupby
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError
from mcp_types import (
    REQUEST_TIMEOUT,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)
from pydantic import ValidationError

from codelab_mcp.asking import is_stateless
from codelab_models.chat import ChatModel
from codelab_models.failures import FailureKind, failure, one_line, refusal
from codelab_models.registry.profile import UNKNOWN, Profile
from codelab_models.wire import ChatRequest, Completion, Message, Part, TextDelta, ToolCall

PATIENCE_SECONDS = 300.0
"""Longest wait for an answer, which comes whole; the client may have to ask the person first."""

ANSWER_TOKENS = 4096
"""Most tokens of an answer where the request does not say; the protocol demands a number."""

_REASONS = {"endTurn": "stop", "stopSequence": "stop", "maxTokens": "length", "toolUse": "tool_calls"}


def lent_model(ctx: Context, client: str) -> tuple[ChatModel | None, Profile]:
    """Return the model that a client lends by sampling, and what it can do; None where it lends none.

    Args:
        ctx: A call of the client.
        client: What it calls itself.
    """
    capabilities = ctx.client_capabilities
    sampling = capabilities.sampling if capabilities is not None else None
    if sampling is None or is_stateless(ctx):
        return None, UNKNOWN
    tools = sampling.tools is not None
    profile = Profile(calls="native" if tools else "text", parallel_calls=tools, streaming=False)
    return SampledModel(ctx.session, f"The model of {client}"), profile


class SampledModel:
    """A ``ChatModel`` that the client asks for us; it answers whole.

    Args:
        session: Speaks to the client.
        where: Whose model it is, for a person.
    """

    def __init__(self, session: ServerSession, where: str) -> None:
        self._session = session
        self._where = where

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        """Answer a request; see ``ChatModel``."""
        asked = CreateMessageRequest(params=_params(request))
        try:
            result = await self._session.send_request(
                asked, CreateMessageResultWithTools, request_read_timeout_seconds=PATIENCE_SECONDS
            )
        except MCPError as error:
            if error.error.code == REQUEST_TIMEOUT:
                why = f"Nothing came for {PATIENCE_SECONDS:g} s"
                raise failure(FailureKind.SLOW, f"{self._where} does not answer", why=why) from error
            said = one_line(error.error.message)
            raise refusal(0, "", said, model="editor", where=self._where) from error
        except ValidationError as error:
            what = f"{self._where} sent something that is not an answer of a model"
            raise failure(FailureKind.GARBAGE, what, fix="Ask again, or set `models.chat`") from error
        completion = self._completion(result)
        if completion.message.content:
            yield TextDelta(completion.message.content)
        yield completion

    def _completion(self, result: CreateMessageResultWithTools) -> Completion:
        blocks = result.content if isinstance(result.content, list) else [result.content]
        text = "".join(block.text for block in blocks if isinstance(block, TextContent))
        calls = tuple(
            ToolCall(block.id, block.name, json.dumps(block.input, ensure_ascii=False))
            for block in blocks
            if isinstance(block, ToolUseContent)
        )
        if not text.strip() and not calls:
            raise failure(FailureKind.EMPTY, f"{self._where} answered nothing")
        reason = _REASONS.get(result.stop_reason or "", result.stop_reason or "")
        return Completion(
            Message("assistant", text, calls), reason or ("tool_calls" if calls else "stop"), result.model
        )


def _params(request: ChatRequest) -> CreateMessageRequestParams:
    first = request.messages[0] if request.messages and request.messages[0].role == "system" else None
    rest = request.messages[1:] if first is not None else request.messages
    tools = [
        Tool(name=tool.name, description=tool.description, input_schema=tool.parameters)
        for tool in request.tools
    ]
    return CreateMessageRequestParams(
        messages=list(_messages(rest)),
        system_prompt=first.content if first is not None else None,
        max_tokens=request.max_tokens or ANSWER_TOKENS,
        temperature=request.temperature,
        tools=tools or None,
        tool_choice=ToolChoice(mode="required") if request.forced else None,
    )


def _messages(messages: Sequence[Message]) -> Iterator[SamplingMessage]:
    """Yield messages as sampling has them: results of calls stand alone, in one message of the user's."""
    for role, group in groupby(messages, key=lambda one: one.role):
        if role == "tool":
            results: list[SamplingMessageContentBlock] = [
                ToolResultContent(tool_use_id=one.call_id, content=[TextContent(text=one.content)])
                for one in group
            ]
            yield SamplingMessage(role="user", content=results)
        elif role == "assistant":
            yield from (SamplingMessage(role="assistant", content=_blocks(one)) for one in group)
        else:
            for one in group:
                yield SamplingMessage(role="user", content=TextContent(text=one.content))


def _blocks(message: Message) -> list[SamplingMessageContentBlock]:
    blocks: list[SamplingMessageContentBlock] = [TextContent(text=message.content)] if message.content else []
    blocks.extend(
        ToolUseContent(id=call.id, name=call.name, input=_object(call.arguments)) for call in message.calls
    )
    return blocks or [TextContent(text="")]


def _object(arguments: str) -> dict[str, Any]:
    try:
        read = json.loads(arguments)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
