"""How a model writes calls, as far as a grammar can hold it to that; the rest is found in its text.

Told apart by marks in the chat template, which come from the published templates of Qwen 2.5, Hermes 2 Pro,
Mistral 7B Instruct v0.3 and Llama 3.1.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form of a call.

    Attributes:
        begin: What comes before the JSON of a call; empty if it begins like any other text.
        end: What comes after it.
        arguments: The name of the arguments in that JSON.
        in_list: Whether the JSON is a list of calls.
    """

    begin: str = ""
    end: str = ""
    arguments: str = "arguments"
    in_list: bool = False


TAGGED = Dialect("<tool_call>\n", "\n</tool_call>")
MISTRAL = Dialect("[TOOL_CALLS]", "", in_list=True)
LLAMA = Dialect(arguments="parameters")
UNMARKED = Dialect()


def dialect_of(template: str) -> Dialect:
    """Return how a model with this chat template writes calls."""
    if "tools" not in template:
        return TAGGED  # the form that it is asked for
    if "<tool_call>" in template:
        spelled_out = "<function=" in template or "<arg_key>" in template
        return UNMARKED if spelled_out else TAGGED
    if "[TOOL_CALLS]" in template:
        return UNMARKED if "[ARGS]" in template else MISTRAL
    return LLAMA if "<|python_tag|>" in template else UNMARKED
