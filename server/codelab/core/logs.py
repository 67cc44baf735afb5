"""Logs of a process: known secrets are taken out of every line, tracebacks included."""

import logging
import sys

from codelab.core.redaction import redact


class RedactingFormatter(logging.Formatter):
    """Formats records as usual and takes known secrets out of what comes of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return redact(super().format(record))


def log_to_error_output() -> None:
    """Let warnings and errors of this process go to its error output; the first call counts."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("codelab: %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
