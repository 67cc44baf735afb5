"""Work-done progress, for clients that show it."""

import asyncio
import uuid
from collections.abc import Callable

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codelab.lsp.face import LspFace

_CREATE_SECONDS = 5.0
"""Longest wait for a client to accept a progress; without its yes none may be reported."""


class Progress:
    """One progress in front of the person; without a token it shows nothing."""

    def __init__(self, face: LspFace, token: str | int | None) -> None:
        self._face = face
        self._token = token

    def report(self, message: str, percentage: int | None = None) -> None:
        """Say what is being done now."""
        self._send(types.WorkDoneProgressReport(message=message, percentage=percentage))

    def end(self, message: str = "") -> None:
        """Say that it is over; later calls do nothing."""
        self._send(types.WorkDoneProgressEnd(message=message or None))
        if self._token is not None:
            self._face.progress_cancels.pop(self._token, None)
        self._token = None

    def begin(self, title: str, *, message: str, cancellable: bool, percentage: int | None) -> None:
        """Show the progress."""
        self._send(
            types.WorkDoneProgressBegin(
                title=title, cancellable=cancellable, message=message or None, percentage=percentage
            )
        )

    def _send(
        self, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd
    ) -> None:
        if self._token is not None:
            params = types.ProgressParams(token=self._token, value=value)
            self._face.protocol.notify(types.PROGRESS, params)


async def begin_progress(
    face: LspFace,
    title: str,
    *,
    token: str | int | None = None,
    message: str = "",
    cancel: Callable[[], None] | None = None,
    percentage: int | None = None,
) -> Progress:
    """Show a progress.

    Args:
        face: The connection.
        title: What is being done.
        token: The client's own token where its request carried one.
        message: The first message.
        cancel: What to do when the person cancels it; None means that it cannot be cancelled.
        percentage: How much is done, where that is known from the beginning.

    Returns:
        The progress; one that shows nothing where the client has none.
    """
    if token is None:
        token = await _create_token(face)
    if token is not None and cancel is not None:
        face.progress_cancels[token] = cancel
    progress = Progress(face, token)
    progress.begin(title, message=message, cancellable=cancel is not None, percentage=percentage)
    return progress


async def _create_token(face: LspFace) -> str | None:
    if not face.abilities.progress:
        return None
    token = f"codelab-{uuid.uuid4()}"
    params = types.WorkDoneProgressCreateParams(token=token)
    try:
        await asyncio.wait_for(
            face.protocol.request(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params), _CREATE_SECONDS
        )
    except (JsonRpcException, TimeoutError):
        return None
    return token
