"""Work-done progress, for clients that show it."""

import uuid
from collections.abc import Callable

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codelab.core.visible import visible
from codelab.lsp.face import LspFace

Value = types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd


class Progress:
    """One progress in front of the person; nothing waits for it.

    It shows nothing where the client has no progress, and until the client has accepted it.

    Args:
        face: The connection.
        title: What is being done.
        token: The client's own token where its request carried one.
        cancel: What to do when the person cancels it; None means that it cannot be cancelled.
        percentage: How much is done, where that is known from the beginning.
    """

    def __init__(
        self,
        face: LspFace,
        title: str,
        *,
        token: str | int | None = None,
        cancel: Callable[[], None] | None = None,
        percentage: int | None = None,
    ) -> None:
        self._face = face
        self._token: str | int = f"codelab-{uuid.uuid4()}" if token is None else token
        self._begin = types.WorkDoneProgressBegin(
            visible(title), cancellable=cancel is not None, percentage=percentage
        )
        self._cancel = cancel
        self._last: types.WorkDoneProgressReport | None = None
        self._accepted = False
        self._ended = False
        if token is not None:
            self._show()
        elif face.abilities.progress:
            face.spawn(self._create())

    def report(self, message: str, percentage: int | None = None) -> None:
        """Say what is being done now."""
        self._last = types.WorkDoneProgressReport(message=visible(message), percentage=percentage)
        self._send(self._last)

    def end(self, message: str = "") -> None:
        """Say that it is over; later calls do nothing."""
        self._send(types.WorkDoneProgressEnd(message=message or None))
        self._ended = True
        self._face.progress_cancels.pop(self._token, None)

    async def _create(self) -> None:
        params = types.WorkDoneProgressCreateParams(token=self._token)
        try:
            await self._face.protocol.request(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        except JsonRpcException:
            return  # without the client's yes none may be reported
        if not self._ended:
            self._show()

    def _show(self) -> None:
        self._accepted = True
        if self._cancel is not None:
            self._face.progress_cancels[self._token] = self._cancel
        self._send(self._begin)
        if self._last is not None:
            self._send(self._last)

    def _send(self, value: Value) -> None:
        if self._accepted and not self._ended:
            params = types.ProgressParams(token=self._token, value=value)
            self._face.protocol.notify(types.PROGRESS, params)
