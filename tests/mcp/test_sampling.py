"""A client of the older protocol lends its own model by sampling, asked by an agent like any other model."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import mcp_types as types
import pytest
from mcp import Client
from mcp.server.session import ServerSession
from pydantic import BaseModel

from codelab.core.errors import ModelError
from codelab_mcp.lent_model import SampledModel
from codelab_models.wire import ChatRequest, Message
from tests.support.bench import configure, write_files
from tests.support.mcp_client import GUARD_SECONDS, connected, text_of
from tests.support.model_server import When, scripted_model

pytestmark = [pytest.mark.req("MODEL-2", "MODEL-5"), pytest.mark.slow]

READ = {"path": "pay.py"}
TOOLS = types.SamplingCapability(tools=types.SamplingToolsCapability())
Answer = types.CreateMessageResult | types.CreateMessageResultWithTools | types.ErrorData


def said(text: str, **more: Any) -> types.CreateMessageResult:
    content = types.TextContent(text=text)
    return types.CreateMessageResult(role="assistant", content=content, model="claude-lent", **more)


def called(name: str, arguments: dict[str, Any]) -> types.CreateMessageResultWithTools:
    content: list[Any] = [types.ToolUseContent(id="c1", name=name, input=arguments)]
    return types.CreateMessageResultWithTools(
        role="assistant", content=content, model="claude-lent", stop_reason="toolUse"
    )


class Lender:
    """A client's sampling callback: keeps the requests, answers in order."""

    def __init__(self, *answers: Answer | Callable[[], Any]) -> None:
        self.asked: list[types.CreateMessageRequestParams] = []
        self._answers = list(answers)

    async def __call__(self, context: object, params: types.CreateMessageRequestParams) -> Answer:
        self.asked.append(params)
        answer = self._answers.pop(0)
        return await answer() if callable(answer) else answer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "project", {"pay.py": "def pay(amount):\n    return amount\n"})


async def ask(client: Client) -> dict[str, Any]:
    result = await client.call_tool("ask", {"question": "what does pay do?"})
    return result.structured_content or {"answer": text_of(result)}


async def test_a_client_with_tools_in_sampling_is_asked_with_tools(project: Path) -> None:
    lender = Lender(called("read_file", READ), said("It returns the amount."))
    more = {"sampling_callback": lender, "sampling_capabilities": TOOLS}
    async with connected(project, "legacy", **more) as client:
        answered = await ask(client)
    assert (answered["answer"], answered["model"]) == ("It returns the amount.", "claude-lent")
    first, second = lender.asked
    assert first.tools and {tool.name for tool in first.tools} >= {"read_file", "search_code"}
    assert "You are the ask agent" in (first.system_prompt or "")
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]
    use, result = (json.loads(message.model_dump_json())["content"][0] for message in second.messages[1:])
    assert (use["name"], use["input"], use["id"]) == ("read_file", READ, result["tool_use_id"])
    assert "def pay" in result["content"][0]["text"]


async def test_a_client_without_tools_in_sampling_is_told_of_them_in_words(project: Path) -> None:
    call = f"<tool_call>\n{json.dumps({'name': 'read_file', 'arguments': READ})}\n</tool_call>"
    lender = Lender(said(call), said("It returns the amount.", stop_reason="endTurn"))
    async with connected(project, "legacy", sampling_callback=lender) as client:
        assert (await ask(client))["answer"] == "It returns the amount."
    assert not lender.asked[0].tools
    assert "read_file" in (lender.asked[0].system_prompt or "")
    last = lender.asked[1].messages[-1]
    assert last.role == "user" and "def pay" in last.model_dump_json()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_where_the_client_lends_none_or_speaks_the_newer_protocol_nobody_is_asked(
    project: Path, mode: Any
) -> None:
    lender = Lender()
    more: dict[str, Any] = {"sampling_callback": lender} if mode == "auto" else {}
    async with connected(project, mode, **more) as client:
        answered = await ask(client)
    assert answered["model"] == ""
    assert lender.asked == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            types.ErrorData(code=-1, message="The person said no"),
            "claude-code failed. The person said",
        ),
        (said("  "), "The model of claude-code answered nothing"),
        (
            types.CreateMessageResult(
                role="assistant",
                content=types.ImageContent(data="aGk=", mime_type="image/png"),
                model="claude-lent",
            ),
            "The model of claude-code answered nothing",
        ),
    ],
)
async def test_what_a_client_answers_instead_is_told_in_words(
    project: Path, answer: Answer, told: str
) -> None:
    async with connected(project, "legacy", sampling_callback=Lender(answer)) as client:
        assert told in (await ask(client))["answer"]


async def test_a_client_that_answers_garbage_is_told_of() -> None:
    class Garbled:
        """A connection whose client answers what is no result of sampling."""

        async def send_request(self, request: object, kind: type[BaseModel], **_: object) -> BaseModel:
            return kind.model_validate({"role": "assistant"})

    model = SampledModel(cast("ServerSession", Garbled()), "The model of X")
    with pytest.raises(ModelError, match="The model of X sent something that is not an answer of a model"):
        async for _ in model.stream(ChatRequest((Message("user", "hello"),))):
            pass


async def test_a_lent_model_is_a_fallback_like_any_other(project: Path) -> None:
    with scripted_model([When().status(401, "bad key")]) as server:
        configure(server, 'fallbacks = ["editor"]\n')
        async with connected(project, "legacy", sampling_callback=Lender(said("From the client."))) as client:
            assert (await ask(client))["answer"] == "From the client."
        assert len(server.requests) == 1


async def test_what_is_configured_goes_before_what_is_lent(project: Path) -> None:
    lender = Lender()
    with scripted_model([When().say("From the server.")]) as server:
        configure(server)
        async with connected(project, "legacy", sampling_callback=lender) as client:
            assert (await ask(client))["answer"] == "From the server."
    assert lender.asked == []


async def test_cancelling_the_call_withdraws_the_question(project: Path) -> None:
    asked, withdrawn = asyncio.Event(), asyncio.Event()

    async def never() -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            withdrawn.set()

    async with connected(project, "legacy", sampling_callback=Lender(never)) as client:
        asking = asyncio.create_task(ask(client))
        await asyncio.wait_for(asked.wait(), GUARD_SECONDS)
        asking.cancel()
        await asyncio.wait_for(withdrawn.wait(), GUARD_SECONDS)
