"""Asking policy about a tool call: what the run knows about the call, put together as plain data."""

from collections.abc import Sequence

from codelab.agents.run import ActiveRun
from codelab.agents.tainting import refresh_taint
from codelab.index.parse import parse_parts
from codelab.policy.call import PolicyCall
from codelab.policy.decide import decide
from codelab.policy.rules import PolicyRules
from codelab.policy.types import Outcome, PolicyDecision, Risk, Touch
from codelab.sandbox.probe import find_sandbox
from codelab.tools.contract import FileChange, ToolError


async def permit(run: ActiveRun, call: PolicyCall) -> PolicyDecision:
    """Return what policy says about a call, with all that the session has read by now.

    Raises:
        ToolError: It denies the call.
    """
    await refresh_taint(run)
    return refuse_denied(decide(policy_call(run, call), run.services.rules))


def refuse_denied(decision: PolicyDecision) -> PolicyDecision:
    """Return a decision that is no denial.

    Raises:
        ToolError: It is one.
    """
    if decision.outcome is Outcome.DENY:
        raise ToolError(f"Refused: {decision.why}", fix="Do without it")
    return decision
