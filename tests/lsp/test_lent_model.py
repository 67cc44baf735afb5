"""The editor lends its own model: ``codelab/requestModel``, asked by an agent like any other model."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from codelab.cli.compose import open_workbench
from codelab.core.errors import ModelError
from codelab.lsp.lent_model import LentModel
from codelab.lsp.protocol import CodeLabProtocol
from codelab_models.wire import ChatRequest, Message
from tests.support.bench import write_files
from tests.support.lsp_client import FULL, RawClient, Refused, ServerAnsweredWithError, connected
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = [pytest.mark.slow, pytest.mark.req("MODEL-2", "MODEL-5")]

LENDS = {**FULL, "experimental": {"codelab": {"requestModel": {"model": "editors-own"}}}}
REQUEST = "codelab/requestModel"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "w", {"pay.py": "def pay(amount):\n    return amount\n"})


async def lend(client: RawClient, params: Any, *pieces: str, **result: Any) -> dict[str, Any]:
    """Answer as an editor does: pieces first, then the whole."""
    for piece in pieces:
        await client.notify("$/progress", {"token": params["partialResultToken"], "value": {"text": piece}})
    return {"text": "".join(pieces), **result}


async def answer_of(client: RawClient) -> str:
    """Return what the command ``codelab.chat`` answers, or why it does not."""
    result = await client.command("codelab.chat", "what does pay do?")
    return str(result["error"] or result["answer"])


def settings(home: Path, server: ScriptedModel, *names: str) -> None:
    """Name the models that are asked, in order, at a server or in the editor."""
    others = ", ".join(f'"{name}"' for name in names[1:])
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(
        f'[models]\nendpoint = "{server.base_url}"\nchat = "{names[0]}"\nfallbacks = [{others}]\n'
    )


async def test_an_agent_asks_the_model_that_the_editor_lends(root: Path) -> None:
    async with connected(open_workbench) as client:
        calls = [{"id": "c1", "name": "read_file", "arguments": '{"path": "pay.py"}'}]
        turns = [{"toolCalls": calls}, {}]

        async def answer(params: Any) -> Any:
            turn = turns.pop(0)
            pieces = () if turn else ("It returns ", "the amount.")
            return await lend(client, params, *pieces, model="gpt-lent", **turn)

        client.answers[REQUEST] = answer
        await client.initialize(root, LENDS)
        assert "It returns the amount." in await answer_of(client)
        first, second = client.sent(REQUEST)
        assert first["model"] == "editors-own"
        assert first["messages"][-1] == {"role": "user", "text": first["messages"][-1]["text"]}
        assert {"name", "description", "inputSchema"} == set(first["tools"][0])
        assert second["messages"][-2]["toolCalls"] == calls
        assert second["messages"][-1]["toolCallId"] == "c1"
        assert "def pay" in second["messages"][-1]["text"]


async def test_an_editor_that_lends_none_is_not_asked(root: Path) -> None:
    async with connected(open_workbench) as client:
        await client.initialize(root)
        await answer_of(client)
        assert client.sent(REQUEST) == []


@pytest.mark.parametrize("result", [None, {}, {"text": ""}, {"text": 1, "toolCalls": [{"name": 2}]}, []])
async def test_an_editor_that_answers_nothing_is_told_in_words(root: Path, result: Any) -> None:
    async with connected(open_workbench) as client:
        client.answers[REQUEST] = lambda _params: result
        await client.initialize(root, LENDS)
        assert "The model of Test editor answered nothing" in await answer_of(client)


async def test_what_an_editor_refuses_is_told_in_its_words(root: Path) -> None:
    def refuse(_params: Any) -> Any:
        raise Refused("No consent was given")

    async with connected(open_workbench) as client:
        client.answers[REQUEST] = refuse
        await client.initialize(root, LENDS)
        assert "The model of Test editor failed. No consent was given." in await answer_of(client)


async def test_a_lent_model_is_a_fallback_like_any_other(codelab_home: Path, root: Path) -> None:
    async with scripted_model([When().status(401, "bad key")]) as server, connected(open_workbench) as client:
        settings(codelab_home, server, "scripted", "editor")
        client.answers[REQUEST] = lambda params: lend(client, params, "From the editor.")
        await client.initialize(root, LENDS)
        assert "From the editor." in await answer_of(client)
        assert len(server.requests) == 1
        told = await client.wait_for_message("answers instead")
        assert "does not accept the key; editors-own answers instead" in told


async def test_other_models_are_a_fallback_for_the_lent_one(codelab_home: Path, root: Path) -> None:
    async with (
        scripted_model([When().say("From the server.")]) as server,
        connected(open_workbench) as client,
    ):
        settings(codelab_home, server, "editor", "scripted")
        await client.initialize(root, LENDS)
        assert "From the server." in await answer_of(client)
        assert len(client.sent(REQUEST)) == 1


async def test_a_model_that_no_editor_lends_is_told(codelab_home: Path, root: Path) -> None:
    async with scripted_model([]) as server, connected(open_workbench) as client:
        settings(codelab_home, server, "editor")
        await client.initialize(root)
        assert "The editor lends no model" in await answer_of(client)


async def test_an_editor_that_says_what_its_model_can_do_is_asked_accordingly(root: Path) -> None:
    offer = {"model": "small", "tools": False, "context": 4000}
    lends = {**FULL, "experimental": {"codelab": {"requestModel": offer}}}
    async with connected(open_workbench) as client:
        client.answers[REQUEST] = lambda params: lend(client, params, "It pays.")
        await client.initialize(root, lends)
        assert "It pays." in await answer_of(client)
        (asked,) = client.sent(REQUEST)
        assert asked["tools"] == []
        assert "<tool_call>" in asked["messages"][0]["text"]


@pytest.mark.parametrize("offer", [True, {}, {"model": 7, "tools": 1, "context": "long"}, {"context": -5}])
async def test_an_offer_that_says_little_or_nonsense_is_taken_for_a_model_with_tools(
    root: Path, offer: Any
) -> None:
    lends = {**FULL, "experimental": {"codelab": {"requestModel": offer}}}
    async with connected(open_workbench) as client:
        client.answers[REQUEST] = lambda params: lend(client, params, "It pays.")
        await client.initialize(root, lends)
        said = await answer_of(client)
        assert ("It pays." in said) is bool(offer)
        assert all(asked["model"] == "editor" and asked["tools"] for asked in client.sent(REQUEST))


async def test_an_editor_that_never_answers_is_given_up() -> None:
    class Silent:
        """A connection behind which nobody answers."""

        async def request(self, method: str, params: object) -> object:
            return await asyncio.Event().wait()

    model = LentModel(cast("CodeLabProtocol", Silent()), {}, "m", "The model of X", seconds=0.01)
    with pytest.raises(ModelError, match=r"The model of X does not answer\. Nothing came for 0\.01 s"):
        async for _ in model.stream(ChatRequest((Message("user", "hello"),))):
            pass


async def test_pieces_that_are_nonsense_are_left_aside_and_the_whole_text_counts(root: Path) -> None:
    async def answer(params: Any) -> Any:
        for value in (None, 7, {"text": 7}, {"kind": "report"}, "It "):
            await client.notify("$/progress", {"token": params["partialResultToken"], "value": value})
        return {"text": "It pays.", "usage": "much", "finishReason": 3, "model": 9, "toolCalls": {"a": 1}}

    async with connected(open_workbench) as client:
        client.answers[REQUEST] = answer
        await client.initialize(root, LENDS)
        assert "It pays." in await answer_of(client)


async def test_stopping_the_run_withdraws_the_question(root: Path) -> None:
    async with connected(open_workbench) as client:
        asked = asyncio.Event()

        async def never(_params: Any) -> Any:
            asked.set()
            await asyncio.Event().wait()

        client.answers[REQUEST] = never
        await client.initialize(root, LENDS)
        number, future = await client.begin(
            "workspace/executeCommand", {"command": "codelab.chat", "arguments": ["what does pay do?"]}
        )
        await asyncio.wait_for(asked.wait(), 60)
        await client.notify("$/cancelRequest", {"id": number})
        withdrawn = await client.wait_for_method("$/cancelRequest")
        request = next(one for one in client.received if one.get("method") == REQUEST)
        assert withdrawn["id"] == request["id"]
        with pytest.raises(ServerAnsweredWithError):
            await future
