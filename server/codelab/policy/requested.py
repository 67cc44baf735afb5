"""Tools that only the person's own words unlock: what they do reaches others, or joins what others wrote.

A model cannot say these words for the person. They are looked for in the task as it was typed into a face,
and nowhere else: not in an assistant's task, not in a comment of a file, not in anything that was read.
"""

import re

REQUESTED = {"git_push": "push", "git_pull": "pull", "git_merge": "merge"}
"""Such tools, and the word that asks for each."""


def requested_in(words: str) -> frozenset[str]:
    """Return the tools that a person's words ask for.

    Args:
        words: What the person typed; the word for a tool may have an ending (``pushed``, ``merging``).
    """
    return frozenset(tool for tool, word in REQUESTED.items() if re.search(rf"\b{word}", words, re.I))
