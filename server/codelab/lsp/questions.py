"""Questions in the editor's own prompt (``window/showMessageRequest``)."""

from collections.abc import Sequence

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codelab.lsp.face import LspFace


async def ask_person(
    face: LspFace, message: str, choices: Sequence[str], kind: types.MessageType = types.MessageType.Info
) -> str | None:
    """Ask the person to choose.

    Cancelling this withdraws the question from the client.

    Args:
        face: The connection.
        message: What is asked.
        choices: The buttons.
        kind: How serious it is.

    Returns:
        The choice; None where the prompt was closed, or the client could not ask, or answered something else.
    """
    params = types.ShowMessageRequestParams(
        type=kind, message=message, actions=[types.MessageActionItem(title=choice) for choice in choices]
    )
    try:
        answer = await face.protocol.request(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
    except JsonRpcException:
        return None
    title = getattr(answer, "title", None)
    return title if title in choices else None
