"""Custom messages as plain data; pygls' own converter is the control."""

from typing import Any

import pytest
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter

from codelab.lsp.converter import plain_converter

CUSTOM = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "x/y",
    "params": {"src/a.py": 1, "type_name": "T", "n": {"a": 2}},
}
NO_PARAMS = {"jsonrpc": "2.0", "id": 1, "method": "x/y"}
RESULT = {"jsonrpc": "2.0", "id": 1, "result": {"src/a.py": 1, "type_name": "T"}}


def structured(converter_factory: Any, message: dict[str, Any]) -> Any:
    server = LanguageServer(
        "test", "1", protocol_cls=LanguageServerProtocol, converter_factory=converter_factory
    )
    return server.protocol.structure_message(dict(message))


@pytest.mark.req("CARD-7")
def test_custom_parameters_and_results_keep_every_key() -> None:
    assert structured(plain_converter, CUSTOM).params == CUSTOM["params"]
    assert structured(plain_converter, RESULT).result == RESULT["result"]
    control = structured(default_converter, {**CUSTOM, "params": dict(CUSTOM["params"])})  # type: ignore[call-overload]
    assert not hasattr(control.params, "type_name") and not hasattr(control.params, "src/a.py")


@pytest.mark.req("CARD-7")
def test_a_custom_request_without_params_is_understood() -> None:
    assert structured(plain_converter, NO_PARAMS).params is None
    with pytest.raises(Exception, match="Internal Error"):
        structured(default_converter, NO_PARAMS)
