"""Why something is asked, as the person reads it above what is asked."""

from codelab.agents.run import ActiveRun
from codelab.core.visible import visible
from codelab.policy.taint import in_words
from codelab.policy.types import PolicyDecision

_PLAIN = frozenset({"writing", "running", "taint"})  # what the approval says anyway


def with_reasons(run: ActiveRun, decision: PolicyDecision, detail: str) -> str:
    """Return what an approval shows, with why it is asked where that is no matter of course.

    Args:
        run: The run that asks.
        decision: What policy said.
        detail: What is asked.
    """
    reasons = []
    if run.taint.untrusted:
        reasons.append(f"asked after reading untrusted text: {in_words(run.taint.untrusted)}")
    if decision.rule not in _PLAIN:
        place = f" ({decision.place})" if decision.place else ""
        reasons.append(f"asked because {decision.why}{place}")
    return "".join(f"{visible(reason)}\n" for reason in reasons) + ("\n" if reasons else "") + detail
