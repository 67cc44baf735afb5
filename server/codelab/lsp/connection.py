"""One client connected: the protocol between the two descriptors and the face behind it."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from pygls.lsp.server import LanguageServer

import codelab
from codelab.core.stdio import ProtocolStreams
from codelab.lsp.commands import COMMANDS
from codelab.lsp.converter import plain_converter
from codelab.lsp.face import LspFace, OpenWorkbench
from codelab.lsp.framer import FrameError
from codelab.lsp.guard import guarded
from codelab.lsp.methods import METHODS, shape_capabilities
from codelab.lsp.parent import watch_parent
from codelab.lsp.protocol import CodeLabProtocol
from codelab.lsp.redacted import RedactedWriter
from codelab.lsp.transport import IncomingThread, OutgoingThread

log = logging.getLogger(__name__)

_CLOSE_SECONDS = 1.5
"""Longest time the workbench may take to close once the client is gone."""
_LAST_SECONDS = 2.5
"""After this long the process ends whatever still runs in it."""


class CodeLabServer(LanguageServer):
    """The server of pygls, quiet towards the person: what they are told, CodeLab says in its own words.

    pygls 2.1.1 shows "Error in server: CANCELLED" when a question to the client is given up.
    """

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Log an error."""
        log.warning("%s: %s", source.__name__, error)


async def serve_streams(
    streams: ProtocolStreams, open_workbench: OpenWorkbench, *, own_process: bool = False
) -> int:
    """Speak the protocol on two descriptors until the client ends it.

    Args:
        streams: What the client is at the other end of.
        open_workbench: Opens the workbench of a folder.
        own_process: End on signals, and end the process when it does not end by itself.

    Returns:
        The exit code, as ``codelab.lsp.server.serve`` says.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    def end_of_input(problem: FrameError | None) -> None:
        if problem:
            log.error("The client sent what cannot be read, so the server ends: %s", problem.message)
            protocol.send_error(None, problem.code, problem.message)
        end(2 if problem else 0 if protocol.shut_down else 1)

    protocol, face = build(open_workbench)
    protocol.on_exit = end
    outgoing = OutgoingThread(streams.writer.fileno(), partial(_call_in, loop, end, 1))
    protocol.set_writer(RedactedWriter(outgoing))
    face.on_parent = lambda process_id: watch_parent(process_id, partial(end, 1))
    if own_process:
        _end_on_signals(loop, end)
    IncomingThread(streams.reader.fileno(), loop, protocol.receive, end_of_input).start()

    code = await ended
    if own_process:
        _end_for_certain(code)
    try:
        await asyncio.wait_for(face.close(), _CLOSE_SECONDS if own_process else None)
    except Exception:  # the connection ends all the same
        log.exception("The workbench did not close")
    outgoing.close()
    return code


def build(open_workbench: OpenWorkbench) -> tuple[CodeLabProtocol, LspFace]:
    """Return a protocol with every method and command of CodeLab, and the face behind them."""
    server = CodeLabServer(
        "codelab", codelab.__version__, protocol_cls=CodeLabProtocol, converter_factory=plain_converter
    )
    protocol = server.protocol
    if not isinstance(protocol, CodeLabProtocol):
        raise TypeError("pygls makes the protocol it is given")
    face = LspFace(protocol, open_workbench)
    protocol.on_initialize = face.take_initialize
    protocol.shape_capabilities = partial(shape_capabilities, face)
    for method, handler in METHODS.items():
        server.feature(method)(guarded(partial(handler, face), handler))
    protocol.commands = {name: guarded(partial(command, face), command) for name, command in COMMANDS.items()}
    return protocol, face


def _call_in(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: Any) -> None:
    try:
        loop.call_soon_threadsafe(function, *arguments)
    except RuntimeError:
        return  # the loop is closed


def _end_on_signals(loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> None:
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, end, 1)


def _end_for_certain(code: int) -> None:
    """End the process in a while even if a thread or a child does not let go."""
    timer = threading.Timer(_LAST_SECONDS, os._exit, (code,))
    timer.daemon = True
    timer.start()
