"""Why a passage ranks where it does, in words for a person."""

from codelab.index.searching.candidates import Candidate
from codelab.index.searching.gathering import FileEvidence, Gathered
from codelab.index.searching.weights import Weights
from codelab.index.types import Reason

ADDED = {
    "words": "its words",
    "near": "other passages of its file",
    "file_name": "the name of its file",
    "folder": "the folders it is in",
    "outline": "what its file defines",
    "named": "it defines the name asked for",
    "mentioned": "it defines a name in the query",
    "word": "it defines a word of the query",
    "called": "the words of its name",
    "meaning": "its meaning",
    "alike": "the meaning of other passages of its file",
}
"""What each kind of evidence is for a person, by the weight that counts it."""

MULTIPLIED = {
    "test": "a test",
    "generated": "generated",
    "vendored": "a copy of others' code",
    "example": "an example, documentation, or kept for compatibility",
    "prose": "a document or data",
    "surface": "a file that hands on what others define",
    "superseded": "a newer version lies beside it",
    "private": "internal",
    "hidden": "in a hidden folder",
}
"""The same of each rule about what is seldom the answer."""

_REPEATED = "better passages of its file stand before it"
_LEAST = 0.005  # smaller contributions are not worth a line


def added(one: Candidate, gathered: Gathered, weights: Weights) -> dict[str, float]:
    """Return what each kind of evidence adds to the score of a passage, by the weight that counts it."""
    weight = weights._asdict()
    own = {"words": one.words / gathered.scale, "meaning": one.meaning, **one.defines}
    shared = {"near": one.near / gathered.scale, "alike": one.alike, **gathered.files[one.path].parts}
    return {
        **{kind: weight[kind] * fit * gathered.detail for kind, fit in own.items()},
        **{kind: weight[kind] * fit * gathered.whole for kind, fit in shared.items()},
    }


def factors(known: FileEvidence, weights: Weights) -> dict[str, float]:
    """Return what the sum is multiplied by, with the words for it."""
    weight = weights._asdict()
    return {MULTIPLIED[rule]: weight[rule] for rule in known.demotions}


def reasons(one: Candidate, gathered: Gathered, weights: Weights) -> tuple[Reason, ...]:
    """Explain the score of a passage: what was added, the most first, then what that was multiplied by.

    Args:
        one: The passage, weighed.
        gathered: What it was gathered with.
        weights: What it was weighed with.
    """
    parts = sorted(added(one, gathered, weights).items(), key=lambda part: -part[1])
    less = one.shared * (one.repeat - 1)
    multiplied = factors(gathered.files[one.path], weights)
    return (
        *(Reason(ADDED[kind], round(amount, 3), False) for kind, amount in parts if amount >= _LEAST),
        *([Reason(_REPEATED, round(less, 3), False)] if less <= -_LEAST else []),
        *(Reason(what, round(by, 3), True) for what, by in multiplied.items()),
    )
