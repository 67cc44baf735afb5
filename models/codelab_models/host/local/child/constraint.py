"""From a JSON schema to a grammar that llama.cpp takes."""

import json
from typing import Any

import llama_cpp
from llama_cpp.llama_grammar import json_schema_to_gbnf

_UNSUPPORTED = frozenset({"pattern", "format", "minLength", "maxLength", "minItems", "maxItems", "default"})
_ANY_OBJECT = '{"type": "object"}'


def grammar_for(schema: dict[str, Any], vocabulary: Any) -> llama_cpp.LlamaGrammar:
    """Return a grammar for a schema.

    What the conversion does not know is left out, at last everything but that it is an object: whoever asked
    validates the answer against the whole schema.

    Args:
        schema: JSON schema.
        vocabulary: The model's, of llama.cpp.
    """
    for text in (json.dumps(schema), json.dumps(_without_details(schema)), _ANY_OBJECT):
        try:
            grammar = llama_cpp.LlamaGrammar.from_string(json_schema_to_gbnf(text), verbose=False)
        except (AssertionError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        if _is_understood(grammar, vocabulary):
            return grammar
    raise AssertionError("llama.cpp does not take the grammar of any JSON object")


def _is_understood(grammar: llama_cpp.LlamaGrammar, vocabulary: Any) -> bool:
    # A grammar that llama.cpp cannot parse is a null pointer, which would be followed later.
    sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar._grammar.encode(), b"root")
    if not sampler:
        return False
    llama_cpp.llama_sampler_free(sampler)
    return True


def _without_details(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_details(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_details(value) for key, value in schema.items() if key not in _UNSUPPORTED}
