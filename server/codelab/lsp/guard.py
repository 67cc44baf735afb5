"""One wrapper around every handler: failures become answers in words, never a stack trace."""

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codelab.core.errors import CodeLabError
from codelab.lsp.face import bug_text

log = logging.getLogger(__name__)

REQUEST_FAILED = int(types.LSPErrorCodes.RequestFailed)


def guarded(call: Callable[[Any], Any], handler: Callable[..., Any]) -> Callable[[Any], Any]:
    """Wrap a handler.

    Args:
        call: The handler with its face bound.
        handler: The handler itself, which tells whether it is a coroutine.

    Returns:
        A function of the same kind that raises nothing but ``JsonRpcException`` and cancellation.
    """
    if inspect.iscoroutinefunction(handler):

        async def answer(params: Any) -> Any:
            try:
                return await call(params)
            except (JsonRpcException, asyncio.CancelledError):
                raise
            except Exception as error:  # a defect costs this request only
                raise _in_words(error) from error

        return answer

    def take(params: Any) -> Any:
        try:
            return call(params)
        except JsonRpcException:
            raise
        except Exception as error:  # a defect costs this request only
            raise _in_words(error) from error

    return take


def _in_words(error: Exception) -> JsonRpcException:
    if isinstance(error, CodeLabError):
        return JsonRpcException(str(error), code=REQUEST_FAILED)
    log.error("A handler failed", exc_info=error)
    return JsonRpcException(bug_text(error), code=REQUEST_FAILED)
