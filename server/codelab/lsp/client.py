"""What the client on the other end can do, read once from ``initialize``."""

from dataclasses import dataclass
from typing import Any

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """The client's capabilities that change what CodeLab does.

    Attributes:
        name: The name it gave, e.g. ``Neovim``.
        progress: It shows work-done progress that the server begins.
        show_document: It opens a document when asked.
        apply_edit: It changes buffers when asked.
        document_changes: It takes versioned edits.
        annotations: It takes annotated edits.
        content_provider: It asks for the text of ``codelab:`` documents.
        action_literals: It takes code actions, not only commands.
        lazy_command: It asks for a code action's command when the person has chosen it.
        lends: The name of the model that it lends, or an empty string.
        lent_context: Tokens of context of that model, 0 where it does not say.
        lent_tools: That model calls tools by itself.
        approvals: It shows approvals itself, by ``codelab/approval``.
    """

    name: str = "an editor"
    progress: bool = False
    show_document: bool = False
    apply_edit: bool = False
    document_changes: bool = False
    annotations: bool = False
    content_provider: bool = False
    action_literals: bool = False
    lazy_command: bool = False
    lends: str = ""
    lent_context: int = 0
    lent_tools: bool = True
    approvals: bool = False


def read_abilities(params: types.InitializeParams) -> ClientAbilities:
    """Return what a client can do; whatever it does not mention it cannot."""
    window = params.capabilities.window or types.WindowClientCapabilities()
    workspace = params.capabilities.workspace or types.WorkspaceClientCapabilities()
    edit = workspace.workspace_edit or types.WorkspaceEditClientCapabilities()
    documents = params.capabilities.text_document or types.TextDocumentClientCapabilities()
    action = documents.code_action or types.CodeActionClientCapabilities()
    resolvable = action.resolve_support.properties if action.resolve_support else ()
    lends, lent_context, lent_tools = _offer(params.capabilities.experimental)
    return ClientAbilities(
        name=params.client_info.name if params.client_info else "an editor",
        progress=bool(window.work_done_progress),
        show_document=bool(window.show_document and window.show_document.support),
        apply_edit=bool(workspace.apply_edit),
        document_changes=bool(edit.document_changes),
        annotations=edit.change_annotation_support is not None,
        content_provider=workspace.text_document_content is not None,
        action_literals=action.code_action_literal_support is not None,
        lazy_command="command" in resolvable and bool(action.data_support),
        lends=lends,
        lent_context=lent_context,
        lent_tools=lent_tools,
        approvals=bool(_own(params.capabilities.experimental).get("approval")),
    )


def _own(experimental: object) -> dict[str, Any]:
    own = experimental.get("codelab") if isinstance(experimental, dict) else None
    return own if isinstance(own, dict) else {}


def _offer(experimental: object) -> tuple[str, int, bool]:
    """Return name, context and whether it calls tools of the model that a client lends."""
    offer = _own(experimental).get("requestModel")
    said = offer if isinstance(offer, dict) else {}
    named, context = said.get("model"), said.get("context")
    name = named if isinstance(named, str) and named else "editor" if offer else ""
    known = context if isinstance(context, int) and not isinstance(context, bool) else 0
    return name, max(0, known), said.get("tools") is not False
