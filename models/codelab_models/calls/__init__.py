"""The function-call protocol: how tools are offered to a model, and what its answer calls.

    create      a request as a model of some grade understands it
    parse       an answer with its calls: understood, repaired, or each with what is wrong with it
    validate    the arguments of one call against its tool's JSON schema
    ask         all of it around one question to a model

Of the three ways to a call, pure tool calling is the native grade; one structured output with reasoning and
action is the grade of models that are held to a schema; a reasoning tool first, then tool calling, is a
manner of ``ask``.

Agents speak of tools, calls and results only in the terms of ``codelab_models.wire``. A model without native
tool calls gets them written out, and what it writes comes back as calls.

What is repaired is valid, and every value in it stands in what the model wrote: a repair takes away or adds
punctuation, never a value. What cannot be repaired so is a call with a ``problem``, which nobody carries out.
"""

from codelab_models.calls.asking import ask
from codelab_models.calls.grades import Grade, grade_after
from codelab_models.calls.manner import PLAIN, Manner
from codelab_models.calls.offering import create
from codelab_models.calls.parsing import parse, parse_text
from codelab_models.calls.validating import Checked, validate

__all__ = [
    "PLAIN",
    "Checked",
    "Grade",
    "Manner",
    "ask",
    "create",
    "grade_after",
    "parse",
    "parse_text",
    "validate",
]
