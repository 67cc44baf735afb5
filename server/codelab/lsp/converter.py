"""Custom messages as plain data.

pygls 2.1.1 turns the parameters and results of methods it does not know into named tuples, which loses
keys such as ``src/a.py`` or ``type_name``, and never answers a custom request that has no ``params``.
"""

from typing import TypeVar

from cattrs import Converter
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    default_converter,
)

Message = TypeVar("Message", JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage)


def plain_converter() -> Converter:
    """Return the converter of pygls with hooks that leave unknown parameters and results as they came."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]  # pygls has no types here
    converter.register_structure_hook(JsonRPCRequestMessage, _with("params"))
    converter.register_structure_hook(JsonRPCNotification, _with("params"))
    converter.register_structure_hook(JsonRPCResponseMessage, _with("result"))
    return converter


def _with(optional: str):  # type: ignore[no-untyped-def]  # a hook for cattrs, whose types are its own
    def structure(data: dict[str, object], message: type[Message]) -> Message:
        names = [attribute.name for attribute in message.__attrs_attrs__]  # type: ignore[attr-defined,unused-ignore]  # classes of attrs
        values = {optional: None, **data}
        return message(**{name: values[name] for name in names})  # type: ignore[arg-type]  # named by the class itself

    return structure
