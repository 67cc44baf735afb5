"""The commands of ``workspace/executeCommand``: one file each."""

from collections.abc import Awaitable, Callable

from lsprotocol import types

from codelab.lsp.commands.answer import answer
from codelab.lsp.commands.chat import chat
from codelab.lsp.commands.index import index
from codelab.lsp.commands.resume import resume
from codelab.lsp.commands.run import run
from codelab.lsp.commands.search import search
from codelab.lsp.commands.status import status
from codelab.lsp.commands.stop import stop
from codelab.lsp.commands.undo import undo
from codelab.lsp.face import LspFace

COMMANDS: dict[str, Callable[[LspFace, types.ExecuteCommandParams], Awaitable[object]]] = {
    "codelab.chat": chat,
    "codelab.run": run,
    "codelab.stop": stop,
    "codelab.undo": undo,
    "codelab.status": status,
    "codelab.search": search,
    "codelab.resume": resume,
    "codelab.index": index,
    "codelab.answer": answer,
}
