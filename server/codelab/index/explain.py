"""Why a passage ranks where it does, in words for a person."""

from codelab.index.candidates import Candidate
from codelab.index.gathering import FileEvidence
from codelab.index.types import Reason
from codelab.index.weights import Weights

_ADDED = {
    "words": "its words",
    "near": "other passages of its file",
    "file_name": "the name of its file",
    "folder": "the folders it is in",
    "outline": "what its file defines",
    "named": "it defines the name asked for",
    "mentioned": "it defines a name in the query",
    "word": "it defines a word of the query",
    "meaning": "its meaning",
    "alike": "the meaning of other passages of its file",
}
_MULTIPLIED = {
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
_REPEATED = "better passages of its file stand before it"
_LEAST = 0.005  # smaller contributions are not worth a line


def added(one: Candidate, known: FileEvidence, weights: Weights, scale: float) -> dict[str, float]:
    """Return what each kind of evidence adds to the score of a passage, by the weight that counts it."""
    weight = weights._asdict()
    parts = {"words": weights.words * one.words / scale, "near": weights.near * one.near / scale}
    parts |= {kind: weight[kind] * fit for kind, fit in known.parts.items()}
    parts |= {kind: weight[kind] * fit for kind, fit in one.defines.items()}
    parts["meaning"] = weights.meaning * one.meaning
    parts["alike"] = weights.alike * one.alike
    return parts


def factors(known: FileEvidence, weights: Weights) -> dict[str, float]:
    """Return what the sum is multiplied by, with the words for it."""
    weight = weights._asdict()
    return {_MULTIPLIED[rule]: weight[rule] for rule in known.demotions}


def reasons(one: Candidate, known: FileEvidence, weights: Weights, scale: float) -> tuple[Reason, ...]:
    """Explain the score of a passage: what was added, the most first, then what that was multiplied by.

    Args:
        one: The passage, weighed.
        known: What is known of its file.
        weights: What it was weighed with.
        scale: What scores from words were divided by.
    """
    parts = sorted(added(one, known, weights, scale).items(), key=lambda part: -part[1])
    less = one.shared * (one.repeat - 1)
    return (
        *(Reason(_ADDED[kind], round(amount, 3), False) for kind, amount in parts if amount >= _LEAST),
        *([Reason(_REPEATED, round(less, 3), False)] if less <= -_LEAST else []),
        *(Reason(what, round(by, 3), True) for what, by in factors(known, weights).items()),
    )
