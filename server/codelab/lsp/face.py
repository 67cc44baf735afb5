"""One editor connected: what the handlers share."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codelab.core.errors import CodeLabError, InputError
from codelab.core.visible import visible
from codelab.lsp.client import ClientAbilities, read_abilities
from codelab.lsp.garbage import collected_later
from codelab.lsp.mirror import MirroredDocument, MirroredWorkspace
from codelab.lsp.paths import path_in, root_of, unserved_folders
from codelab.lsp.protocol import CodeLabProtocol
from codelab.workbench.types import ApprovalPrompter, Editor, FaceInfo
from codelab_models.registry.profile import Profile

if TYPE_CHECKING:
    from codelab.lsp.answers import Answer
    from codelab.workbench.workbench import Workbench
    from codelab_models.chat import ChatModel

log = logging.getLogger(__name__)

OpenWorkbench = Callable[[Path, FaceInfo], Awaitable["Workbench"]]


class LspFace:
    """The connection's state.

    Args:
        protocol: What speaks to the client.
        open_workbench: Opens the workbench of a folder.

    Attributes:
        abilities: What the client can do; the least until ``initialize``.
        root: The folder that the client opened, as it spells it, or None.
        unserved: Names of the folders that it opened beside that one.
        on_parent: Watches the process that started the server.
        contents: Texts of the newest ``codelab:`` documents by name, for a client that asks for them.
        closing: The client is gone or going.
        opened: Resolved with the workbench, or with the reason why there is none.
        partial_results: What takes the pieces of an answer to a request of ours, by its token.
        progress_cancels: What to call when the person cancels a progress, by its token.
        answers: What takes the person's answer to an approval that they put off, by its id.
        changed: Set and replaced whenever an open document changes.
    """

    def __init__(self, protocol: CodeLabProtocol, open_workbench: OpenWorkbench) -> None:
        self.protocol = protocol
        self.abilities = ClientAbilities()
        self.root: Path | None = None
        self.unserved: list[str] = []
        self.on_parent: Callable[[int], Coroutine[Any, Any, None]] | None = None
        self.contents: OrderedDict[str, str] = OrderedDict()
        self.closing = False
        self.opened: asyncio.Future[Workbench] = asyncio.get_running_loop().create_future()
        self.opened.add_done_callback(lambda future: future.cancelled() or future.exception())
        self.partial_results: dict[str | int, Callable[[object], None]] = {}
        self.progress_cancels: dict[str | int, Callable[[], None]] = {}
        self.answers: dict[str, asyncio.Future[Answer]] = {}
        self.changed = asyncio.Event()
        self._open_workbench = open_workbench
        self._tasks: set[asyncio.Task[object]] = set()

    def take_initialize(self, params: types.InitializeParams) -> None:
        """Note what the client said about itself."""
        self.abilities = read_abilities(params)
        self.root, self.unserved = root_of(params), unserved_folders(params)
        if params.process_id is not None and self.on_parent is not None:
            self.spawn(self.on_parent(params.process_id))

    # --- documents -----------------------------------------------------------------------------------
    @property
    def mirror(self) -> MirroredWorkspace:
        """The documents that the client has open."""
        return self.protocol.mirror()

    def path_of(self, uri: str) -> str | None:
        """Return the workspace path of a document, or None for one outside the workspace."""
        return path_in(self.root, uri) if self.root else None

    def document_at(self, path: str) -> MirroredDocument | None:
        """Return the open document of a workspace path, or None."""
        return next((d for d in self.mirror.open_documents() if self.path_of(d.uri) == path), None)

    def note_change(self) -> None:
        """Wake who waits for a document to change."""
        self.changed.set()
        self.changed = asyncio.Event()

    # --- the workbench -------------------------------------------------------------------------------
    async def open(self, editor: Editor, prompter: ApprovalPrompter) -> "Workbench":
        """Open the workbench, hand it the documents that are open by now, and let the waiting handlers go on.

        Args:
            editor: Changes open buffers.
            prompter: Asks the person.

        Returns:
            The workbench.

        Raises:
            CodeLabError: It cannot be opened; whoever waits for it is told the same.
        """
        try:
            if self.root is None:
                raise InputError("No folder is open in the editor", fix="Open the folder of a project")
            able = self.abilities
            profile = Profile(calls="native" if able.lent_tools else "text", context=able.lent_context)
            info = FaceInfo(
                "lsp", able.name, can_prompt=True, model=self._lent_model(), model_profile=profile
            )
            with collected_later():
                workbench = await self._open_workbench(self.root, info)
            workbench.attach(editor=editor, prompter=prompter)
        except Exception as error:  # whoever waits for the workbench is told the same
            self.opened.set_exception(error)
            raise
        self.opened.set_result(workbench)
        for document in self.mirror.open_documents():
            if path := self.path_of(document.uri):
                workbench.buffer_shown(path, document.source)
        return workbench

    def _lent_model(self) -> "ChatModel | None":
        from codelab.lsp.lent_model import LentModel  # nothing before `initialize` is answered needs it

        if not self.abilities.lends:
            return None
        where = f"The model of {self.abilities.name}"
        return LentModel(self.protocol, self.partial_results, self.abilities.lends, where)

    async def workbench(self) -> "Workbench":
        """Return the workbench as soon as it is open."""
        return await asyncio.shield(self.opened)

    @property
    def workbench_now(self) -> "Workbench | None":
        """The workbench if it is open by now."""
        if self.opened.done() and not self.opened.cancelled() and self.opened.exception() is None:
            return self.opened.result()
        return None

    # --- work in the background ----------------------------------------------------------------------
    def spawn(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """Run a coroutine in the background; a failure becomes one message for the person."""
        task = asyncio.get_running_loop().create_task(self._tell_failure(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _tell_failure(self, work: Coroutine[Any, Any, object]) -> object:
        try:
            return await work
        except CodeLabError as error:
            self.show(str(error), types.MessageType.Error)
        except JsonRpcException as error:
            log.warning("The client answered with an error: %s", error.message)
        except Exception as error:  # a defect costs this work only
            log.exception("Work in the background failed")
            self.show(bug_text(error), types.MessageType.Error)
        return None

    def show(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show the person a message."""
        self.protocol.notify(
            types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=visible(message.strip()))
        )

    async def close(self) -> None:
        """Stop what runs in the background and close the workbench."""
        self.closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if workbench := self.workbench_now:
            await workbench.close()


def bug_text(error: Exception) -> str:
    """Return what a person is told about a failure that should not happen; the log has the rest."""
    return (
        f"CodeLab failed ({type(error).__name__}). Nothing was changed by this. The editor's log says more."
    )
