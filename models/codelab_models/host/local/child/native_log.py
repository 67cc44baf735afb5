"""What llama.cpp complains about, for messages; nothing of it is printed."""

import ctypes
from collections import deque
from typing import Any

import llama_cpp

from codelab_models.failures import one_line

_ERROR = 3  # GGML_LOG_LEVEL_ERROR
_CONTINUED = 5
_LINES = 20


class NativeLog:
    """Keeps the last errors that llama.cpp logs in this process."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._level = 0
        # Kept, since llama.cpp holds no reference to what it calls.
        self._callback = llama_cpp.llama_log_callback(self._hear)
        llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _hear(self, level: int, text: bytes, _: Any) -> None:
        self._level = level if level != _CONTINUED else self._level
        if self._level == _ERROR and text.strip():
            self._lines.append(text.decode("utf-8", "replace").strip())

    def said(self) -> str:
        """Return the errors in one line, and forget them."""
        lines, self._lines = list(self._lines), deque(maxlen=_LINES)
        # What is nearest to the cause comes first; later lines say that its callers failed too.
        return one_line(lines[0].partition(": ")[2] or lines[0]) if lines else ""
