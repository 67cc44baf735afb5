"""What a model understands of tools."""

from enum import StrEnum


class Grade(StrEnum):
    """How tools are offered to a model, the surest way first.

    ``native``: in the tools field of the chat API; the server returns calls.
    ``schema``: the server holds the whole answer to a JSON schema that has room for calls.
    ``text``: in the instructions; calls are found in the text of the answer.
    """

    NATIVE = "native"
    SCHEMA = "schema"
    TEXT = "text"
