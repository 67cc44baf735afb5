"""How the open model families write tool calls, one file each, and how they are found in an answer.

A server that knows a model's template reads these itself. Many do not, or lose calls after the first, and
then the calls stand in the answer's text. Each dialect has a function that finds its calls; all are always
looked for, since fine-tuned models speak the dialect of whoever trained them.
"""

from collections.abc import Callable, Collection

from codelab_models.calls.dialects import deepseek, gemma, llama, mistral, plain, qwen
from codelab_models.calls.dialects.written import Written

MARKED: tuple[Callable[[str], list[Written]], ...] = (
    qwen.find,
    llama.find,
    mistral.find,
    gemma.find,
    deepseek.find,
)
"""Dialects whose calls stand between marks that nothing else is written with."""


def find_marked(text: str) -> list[Written]:
    """Return the calls that stand between marks, in order."""
    return _apart([find(text) for find in MARKED])


def find_all(text: str, names: Collection[str]) -> list[Written]:
    """Return all calls in a text: marked, fenced, or bare JSON and Python calls of these tools, in order."""
    return _apart([*(find(text) for find in MARKED), plain.find(text, names)])


def _apart(dialects: list[list[Written]]) -> list[Written]:
    """Return calls in order; of two dialects that understand the same text, the wider or earlier one."""
    every = [(call.start, -call.end, number, call) for number, calls in enumerate(dialects) for call in calls]
    kept: list[Written] = []
    taken = (-1, 0, -1)  # start, end and dialect of the last
    for start, negative, number, call in sorted(every, key=lambda one: one[:3]):
        if start >= taken[1] or (start, -negative, number) == taken:
            kept.append(call)
            taken = (start, -negative, number)
    return kept
