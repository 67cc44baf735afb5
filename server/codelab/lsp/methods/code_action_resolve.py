"""``codeAction/resolve``: the command of the action that the person has chosen."""

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codelab.lsp.commands import COMMANDS
from codelab.lsp.face import LspFace


async def code_action_resolve(_face: LspFace, action: types.CodeAction) -> types.CodeAction:
    """Return the action with its command; one that has it already comes back as it is."""
    if action.command is not None:
        return action
    data = action.data if isinstance(action.data, dict) else {}
    command, arguments = data.get("command"), data.get("arguments")
    if command not in COMMANDS or not isinstance(arguments, list):
        raise JsonRpcInvalidParams("This code action is not one of CodeLab's")
    action.command = types.Command(title=action.title, command=command, arguments=arguments)
    return action
