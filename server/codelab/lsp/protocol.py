"""The protocol of pygls, with the manners that version 2.1.1 lacks.

- A nested object with a ``jsonrpc`` key is data: only the outermost object is a message.
- Every request is answered, also one that is malformed, or out of turn.
- ``workspace/executeCommand`` is a coroutine of ours, so ``$/cancelRequest`` reaches the command.
- ``exit`` ends the server in order instead of raising SystemExit in the middle of the loop.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

from codelab.lsp.mirror import MirroredWorkspace, mirrored

log = logging.getLogger(__name__)

Command = Callable[[types.ExecuteCommandParams], Awaitable[object]]


class CodeLabProtocol(LanguageServerProtocol):
    """What passes between the client and CodeLab."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.commands: dict[str, Command] = {}
        self.on_initialize: Callable[[types.InitializeParams], None] = lambda _params: None
        self.on_exit: Callable[[int], None] = lambda _code: None
        self.shape_capabilities: Callable[[types.ServerCapabilities], None] = lambda _capabilities: None
        self._initialized = False

    def mirror(self) -> MirroredWorkspace:
        """The documents that the client has open."""
        workspace = self.workspace
        if not isinstance(workspace, MirroredWorkspace):
            raise TypeError("the workspace is replaced at initialize")
        return workspace

    @property
    def shut_down(self) -> bool:
        """Whether the client has sent ``shutdown``."""
        return self._shutdown

    # --- messages from the client --------------------------------------------------------------------
    def receive(self, data: object) -> None:
        """Handle one message as it came; never raises."""
        if not isinstance(data, dict) or data.get("jsonrpc") != "2.0":
            self._refuse(data, JsonRpcInvalidRequest('A message is an object with `jsonrpc` "2.0"'))
            return
        if problem := _problem_of(data) or self._out_of_turn(data):
            self._refuse(data, problem)
            return
        method = data.get("method")
        if method is None and not self._is_awaited(data):
            return
        try:
            message: Any = self.structure_message(data)
            self.handle_message(message)
        except JsonRpcException as problem:
            self._refuse(data, problem)
            self._fail_awaited(data, problem)
        except Exception:  # no message may end the server
            log.exception("A message could not be handled: %s", method)
            self._refuse(data, JsonRpcException("CodeLab could not handle this message."))

    def _is_awaited(self, response: dict[str, Any]) -> bool:
        """Tell whether a response is to be structured; null needs no structure, and fits every type."""
        future = self._request_futures.get(response["id"])
        if future is None:
            return False  # to a request that was withdrawn
        if response.get("result") is None and "error" not in response:
            self._request_futures.pop(response["id"])
            self._result_types.pop(response["id"], None)
            future.set_result(None)
            return False
        return True

    def _fail_awaited(self, response: dict[str, Any], problem: JsonRpcException) -> None:
        """End the wait for a response that made no sense."""
        if "method" not in response and (future := self._request_futures.pop(response["id"], None)):
            future.set_exception(problem)

    def _out_of_turn(self, data: dict[str, Any]) -> JsonRpcException | None:
        method = data.get("method")
        if method is None or method == types.EXIT:
            return None
        if self._shutdown:
            return JsonRpcInvalidRequest("The server is shutting down")
        if method == types.INITIALIZE:
            return JsonRpcInvalidRequest("`initialize` was already sent") if self._initialized else None
        return None if self._initialized else JsonRpcServerNotInitialized("`initialize` comes first")

    def _refuse(self, data: object, problem: JsonRpcException) -> None:
        """Answer a request with an error; a notification or a response gets none."""
        number = None
        if isinstance(data, dict):
            if "id" not in data or ("method" not in data and ("result" in data or "error" in data)):
                return
            number = data["id"]
        self.send_error(number if _is_id(number) else None, problem.code, problem.message)

    def send_error(self, number: str | int | None, code: int, message: str) -> None:
        """Answer the request of that number, or none in particular, with an error."""
        error = {"code": code, "message": message}
        self._send_data({"jsonrpc": self.VERSION, "id": number, "error": error})

    # --- requests to the client ----------------------------------------------------------------------
    def withdraw(self, number: str) -> None:
        """Tell the client that the answer to a request of ours is no longer wanted."""
        if self._request_futures.pop(number, None) is not None:
            self._result_types.pop(number, None)
            self.notify(types.CANCEL_REQUEST, types.CancelParams(id=number))

    # --- the built-in methods ------------------------------------------------------------------------
    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Answer ``initialize``, with a mirror of ours and capabilities that say what is there."""
        result = yield from super().lsp_initialize(params)
        self._workspace = mirrored(self.workspace)
        self._initialized = True
        self.on_initialize(params)
        self.shape_capabilities(result.capabilities)
        return result

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> object:  # type: ignore[override]  # pygls answers it otherwise
        """Run a command; cancelling the request cancels the command."""
        command = self.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command!r}")
        return await command(params)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_arguments: object) -> None:  # type: ignore[override]  # pygls answers it otherwise
        """End the server: 0 after ``shutdown``, else 1."""
        self.on_exit(0 if self._shutdown else 1)

    async def request(self, method: str, params: object) -> Any:
        """Ask the client, and withdraw the question when the caller is cancelled.

        Raises:
            JsonRpcException: The client answered with an error.
        """
        number = str(uuid.uuid4())
        try:
            return await self.send_request_async(method, params, msg_id=number)
        except asyncio.CancelledError:
            self.withdraw(number)
            raise


def _is_id(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def _problem_of(data: dict[str, Any]) -> JsonRpcException | None:
    """Tell why an object is no message, if it is none."""
    if "method" in data:
        if not isinstance(data["method"], str):
            return JsonRpcInvalidRequest("`method` is text")
        if "id" in data and not _is_id(data["id"]):
            return JsonRpcInvalidRequest("`id` is a number or text")
        if not isinstance(data.get("params"), dict | list | None):
            return JsonRpcInvalidRequest("`params` is an object or an array")
        return None
    if "result" not in data and "error" not in data:
        return JsonRpcInvalidRequest("A message is a request, a notification or a response")
    return None if _is_id(data.get("id")) else JsonRpcInvalidRequest("`id` is a number or text")
