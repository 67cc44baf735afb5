"""Manners of the protocol that need no workbench; bare pygls is the control where it fails."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcRequestCancelled
from pygls.lsp.server import LanguageServer

from codelab.core.errors import InputError
from codelab.lsp.connection import CodeLabServer, build
from codelab.lsp.converter import plain_converter
from codelab.lsp.protocol import CodeLabProtocol
from codelab.workbench.types import FaceInfo
from tests.lsp.test_framer import MALFORMED
from tests.support.lsp_client import (
    FULL,
    PATIENCE_SECONDS,
    Json,
    RawClient,
    ServerAnsweredWithError,
    connected,
    frame,
)

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS = -32700, -32600, -32602
METHOD_NOT_FOUND, NOT_INITIALIZED, REQUEST_FAILED, CANCELLED = -32601, -32002, -32803, -32800


async def no_workbench(_root: Path, _face: FaceInfo) -> Any:
    """Refuse, as for a folder that cannot be a workspace."""
    raise InputError("This folder cannot be read", fix="Open another one")


async def refused(client: RawClient, method: str, params: object = None) -> Json:
    with pytest.raises(ServerAnsweredWithError) as raised:
        await client.request(method, params)
    return raised.value.error


async def raw_answer(client: RawClient, message: object) -> Json:
    count = len(client.received)
    await client.send_bytes(frame(message))
    await client.wait_for(lambda _message: True, times=count + 1)
    return client.received[count]


@pytest.mark.req("CARD-1")
@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_frame_gets_an_error_and_ends_the_server(data: bytes) -> None:
    async with connected(no_workbench) as client:
        await client.send_bytes(data)
        if data in (MALFORMED["the end in the middle"],):
            client.close_input()
        assert await client.ended() == 2
        assert [message["error"]["code"] for message in client.received] == [PARSE_ERROR]
        assert client.received[0]["id"] is None and not client.stray


@pytest.mark.req("CARD-1")
@pytest.mark.parametrize(
    ("message", "number"),
    [
        ([], None),
        ("text", None),
        ({"id": 7, "method": "shutdown"}, 7),
        ({"jsonrpc": "1.0", "id": 7, "method": "shutdown"}, 7),
        ({"jsonrpc": "2.0", "id": 7, "method": 3}, 7),
        ({"jsonrpc": "2.0", "id": [7], "method": "shutdown"}, None),
        ({"jsonrpc": "2.0", "id": True, "method": "shutdown"}, None),
        ({"jsonrpc": "2.0", "id": 7, "method": "shutdown", "params": "x"}, 7),
        ({"jsonrpc": "2.0", "id": 7}, 7),
    ],
)
async def test_what_is_no_request_is_refused_and_the_next_is_answered(
    message: object, number: int | None
) -> None:
    async with connected(no_workbench) as client:
        answer = await raw_answer(client, message)
        assert answer["error"]["code"] == INVALID_REQUEST
        assert answer["id"] == number
        assert (await client.initialize(None))["serverInfo"]["name"] == "codelab"


@pytest.mark.req("CARD-1")
async def test_requests_out_of_turn_are_refused() -> None:
    async with connected(no_workbench) as client:
        assert (await refused(client, "textDocument/codeAction", {}))["code"] == NOT_INITIALIZED
        await client.initialize(None, ready=False)
        assert (await refused(client, "initialize", {"capabilities": {}}))["code"] == INVALID_REQUEST
        assert (await refused(client, "x/unknown"))["code"] == METHOD_NOT_FOUND
        assert (await refused(client, "textDocument/codeAction", {"range": 3}))["code"] == INVALID_PARAMS
        await client.request("shutdown")
        assert (await refused(client, "textDocument/codeAction", {}))["code"] == INVALID_REQUEST
        await client.notify("exit")
        assert await client.ended() == 0


@pytest.mark.req("CARD-1")
async def test_exit_without_shutdown_is_told_apart() -> None:
    async with connected(no_workbench) as client:
        await client.initialize(None, ready=False)
        await client.notify("exit")
        assert await client.ended() == 1


@pytest.mark.req("CARD-1")
async def test_the_capabilities_say_what_is_there_and_nothing_else() -> None:
    async with connected(no_workbench) as client:
        capabilities = (await client.initialize(None, ready=False))["capabilities"]
        assert set(capabilities) == {
            "positionEncoding",
            "textDocumentSync",
            "codeActionProvider",
            "executeCommandProvider",
        }
        assert capabilities["codeActionProvider"]["resolveProvider"] is True
        assert "codelab.run" in capabilities["executeCommandProvider"]["commands"]
    async with connected(no_workbench) as client:
        asked: Json = {"general": {"positionEncodings": ["utf-32", "utf-16"]}, "workspace": {}}
        asked["workspace"]["textDocumentContent"] = {}
        capabilities = (await client.initialize(None, asked, ready=False))["capabilities"]
        assert capabilities["positionEncoding"] == "utf-32"
        assert capabilities["workspace"] == {"textDocumentContent": {"schemes": ["codelab"]}}
        assert capabilities["codeActionProvider"]["resolveProvider"] is False


@pytest.mark.req("CARD-1")
async def test_a_workspace_that_does_not_open_is_told_once_in_words(tmp_path: Path) -> None:
    async with connected(no_workbench) as client:
        await client.initialize(tmp_path)
        assert await client.wait_for_message("") == "This folder cannot be read. Open another one."
        error = await refused(client, "workspace/executeCommand", {"command": "codelab.status"})
        assert error == {"code": REQUEST_FAILED, "message": "This folder cannot be read. Open another one."}
        assert len(client.sent("window/showMessage")) == 1


@pytest.mark.req("CARD-1")
async def test_without_a_folder_the_person_is_told_what_to_do() -> None:
    async with connected(no_workbench) as client:
        await client.initialize(None)
        assert await client.wait_for_message("folder") == (
            "No folder is open in the editor. Open the folder of a project."
        )


@pytest.mark.req("CARD-1")
async def test_a_nested_object_that_looks_like_a_message_is_data(tmp_path: Path) -> None:
    nested = {"jsonrpc": "2.0", "id": 1, "method": "shutdown"}
    message = {"jsonrpc": "2.0", "id": 5, "method": "x/y", "params": {"a": nested}}
    server = LanguageServer("control", "1", protocol_cls=CodeLabProtocol, converter_factory=plain_converter)
    structured: Any = server.protocol.structure_message(json.loads(json.dumps(message)))
    assert structured.params == {"a": nested}
    with pytest.raises(Exception, match="Invalid Params"):  # the control: as pygls reads it
        json.loads(
            json.dumps({**message, "method": "textDocument/hover"}),
            object_hook=server.protocol.structure_message,
        )
    async with connected(no_workbench) as client:
        await client.initialize(tmp_path)
        error = await refused(
            client, "workspace/executeCommand", {"command": "codelab.status", "arguments": [nested]}
        )
        assert error["code"] == INVALID_PARAMS and "'id'" in error["message"]


@pytest.mark.req("CARD-1")
async def test_cancelling_a_command_reaches_the_command() -> None:
    cancelled = asyncio.Event()
    reached = asyncio.Event()

    async def waits(_params: types.ExecuteCommandParams) -> None:
        reached.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async def check(protocol: Any) -> list[Json]:
        reached.clear()
        sent: list[bytes] = []
        protocol.set_writer(type("Writer", (), {"write": staticmethod(sent.append)})())
        for message in (
            {"id": 1, "method": "initialize", "params": {"capabilities": FULL}},
            {"id": 2, "method": "workspace/executeCommand", "params": {"command": "wait"}},
        ):
            protocol.handle_message(protocol.structure_message({"jsonrpc": "2.0", **message}))
        await asyncio.wait_for(reached.wait(), PATIENCE_SECONDS)
        cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 2}}
        protocol.handle_message(protocol.structure_message(cancel))
        for _ in range(10):
            await asyncio.sleep(0)
        return [json.loads(data.partition(b"\r\n\r\n")[2]) for data in sent]

    protocol, _face = build(no_workbench)
    protocol.commands["wait"] = waits
    answers = await check(protocol)
    assert cancelled.is_set() and answers[-1]["error"]["code"] == CANCELLED

    cancelled.clear()
    bare = LanguageServer("control", "1")

    @bare.command("wait")
    async def waits_in_pygls() -> None:
        await waits(types.ExecuteCommandParams(command="wait"))

    await check(bare.protocol)
    assert not cancelled.is_set()  # the control: the client is told so, and the command goes on
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


@pytest.mark.req("CARD-5")
def test_a_withdrawn_question_is_not_an_error_for_the_person() -> None:
    def shown(kind: type[LanguageServer]) -> list[Any]:
        server = kind("test", "1")
        messages: list[Any] = []
        server.window_show_message = messages.append  # type: ignore[method-assign]
        server.report_server_error(JsonRpcRequestCancelled("CANCELLED"), Exception)  # type: ignore[arg-type]
        server.report_server_error(JsonRpcRequestCancelled("CANCELLED"), FeatureRequestError)
        return messages

    assert not shown(CodeLabServer)
    assert len(shown(LanguageServer)) == 1  # the control


@pytest.mark.req("CARD-1")
def test_nothing_slow_is_imported_before_initialize_is_answered() -> None:
    code = (
        "import sys, codelab.lsp.connection, codelab.lsp.server, codelab.cli.main;"
        "print(*[n for n in ('litellm','llama_cpp','pydantic','sqlite3','pysqlite3','aiosqlite','httpx',"
        "'numpy','mcp','tree_sitter') if n in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
