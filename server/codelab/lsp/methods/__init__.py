"""The methods of the protocol that CodeLab answers: one file each."""

from collections.abc import Callable
from typing import Any

from lsprotocol import types

from codelab.lsp.methods.capabilities import shape_capabilities
from codelab.lsp.methods.code_action import code_action
from codelab.lsp.methods.code_action_resolve import code_action_resolve
from codelab.lsp.methods.did_change import did_change
from codelab.lsp.methods.did_close import did_close
from codelab.lsp.methods.did_open import did_open
from codelab.lsp.methods.initialized import initialized
from codelab.lsp.methods.progress import progress
from codelab.lsp.methods.progress_cancel import progress_cancel
from codelab.lsp.methods.text_document_content import text_document_content

METHODS: dict[str, Callable[..., Any]] = {
    types.INITIALIZED: initialized,
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.TEXT_DOCUMENT_CODE_ACTION: code_action,
    types.CODE_ACTION_RESOLVE: code_action_resolve,
    types.PROGRESS: progress,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: progress_cancel,
    types.WORKSPACE_TEXT_DOCUMENT_CONTENT: text_document_content,
}

__all__ = ["METHODS", "shape_capabilities"]
