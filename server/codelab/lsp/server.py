"""``codelab --stdio``: the server from its first byte to its last."""

import asyncio
import logging
from typing import TYPE_CHECKING

from codelab.core.logs import log_to_error_output
from codelab.core.stdio import take_standard_streams
from codelab.lsp.garbage import collected_later

if TYPE_CHECKING:
    from codelab.lsp.face import OpenWorkbench


def serve(open_workbench: "OpenWorkbench") -> int:
    """Speak the Language Server Protocol on standard input and output until the client ends it.

    Args:
        open_workbench: Opens the workbench of a folder; called after ``initialize`` was answered. Whatever it
            needs that is slow to import it should import in a thread.

    Returns:
        The exit code: 0 after ``shutdown`` and ``exit``, 1 when the client just went away, 2 when it broke
        the protocol.
    """
    streams = take_standard_streams()
    log_to_error_output()
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # what matters is logged by us, once
    with collected_later():
        from codelab.lsp.connection import serve_streams
    return asyncio.run(serve_streams(streams, open_workbench, own_process=True))
