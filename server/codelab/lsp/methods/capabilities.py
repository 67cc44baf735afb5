"""What the server says it can do: what is there, and nothing that is not."""

from lsprotocol import types

from codelab.lsp.commands import COMMANDS
from codelab.lsp.documents import SCHEME
from codelab.lsp.face import LspFace


def shape_capabilities(face: LspFace, capabilities: types.ServerCapabilities) -> None:
    """Correct the capabilities that pygls derives from the registered methods."""
    capabilities.text_document_sync = types.TextDocumentSyncOptions(
        open_close=True,
        change=types.TextDocumentSyncKind.Incremental,
    )
    capabilities.notebook_document_sync = None
    capabilities.code_action_provider = types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.Empty],
        resolve_provider=face.abilities.action_literals,
    )
    capabilities.execute_command_provider = types.ExecuteCommandOptions(
        commands=sorted(COMMANDS), work_done_progress=True
    )
    # One folder: a second one, or a change of folders, is not followed.
    capabilities.workspace = None
    if face.abilities.content_provider:
        content = types.TextDocumentContentOptions(schemes=[SCHEME])
        capabilities.workspace = types.WorkspaceOptions(text_document_content=content)
