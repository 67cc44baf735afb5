"""What a person answered to an approval, as a client tells it."""

from dataclasses import dataclass

from codelab.workbench.types import Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person answered; ``later`` when they will, by ``codelab.answer``."""

    verdict: Verdict
    reason: str = ""
    text: str = ""
    always: bool = False
    later: bool = False


CLOSED = Answer(Verdict.REJECTED, "no answer")


def answer_of(data: object) -> Answer | None:
    """Return the answer that a client gave, or None where it makes no sense."""
    if not isinstance(data, dict):
        return None
    reason, text = data.get("reason", ""), data.get("text", "")
    if not isinstance(reason, str) or not isinstance(text, str):
        return None
    answers = {
        "approve": Answer(Verdict.APPROVED),
        "approveAlways": Answer(Verdict.APPROVED, always=True),
        "reject": Answer(Verdict.REJECTED, reason),
        "edit": Answer(Verdict.EDITED, text=text),
        "later": Answer(Verdict.REJECTED, later=True),
    }
    answer = data.get("answer")
    return answers.get(answer) if isinstance(answer, str) else None
