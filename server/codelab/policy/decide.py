"""The decision: a pure function of the call and of how the person lets this run be approved.

Invariant: the executor asks this for every tool call, before the tool runs; a tool cannot skip it, since
tools only compute what would change and the executor alone changes anything.
"""

from collections.abc import Sequence

from codelab.policy.types import Access, Approve, Outcome, PolicyDecision, Risk, Touch
from codelab.workspace.protected import is_protected
from codelab.workspace.secrets import is_secret

POLICY_VERSION = 1  # part of every approval's digest: a changed policy invalidates what was approved under it

_NEVER_WRITTEN = (".git", ".codelab")  # git's own files; CodeLab's own policy and configuration


def decide(risk: Risk, touches: Sequence[Touch], approve: Approve) -> PolicyDecision:
    """Decide about one tool call.

    Args:
        risk: The risk that the tool declares.
        touches: Every file that the call reads or writes.
        approve: How the person lets this run's changes be approved.

    Returns:
        The strictest decision that any rule makes.
    """
    for touch in touches:
        if is_secret(touch.path):
            return PolicyDecision(
                Outcome.DENY,
                Risk.CRITICAL,
                "secrets",
                f"{touch.path} holds secrets, which no agent reads or writes",
            )
    written = [touch.path for touch in touches if touch.access is Access.WRITE]
    if not written:
        return PolicyDecision(Outcome.ALLOW, risk, "reading", "it only reads files of the workspace")
    for path in written:
        if any(part.casefold() in _NEVER_WRITTEN for part in path.split("/")):
            return PolicyDecision(
                Outcome.DENY, Risk.CRITICAL, "never-written", f"{path} belongs to git or to CodeLab itself"
            )
    if approve is Approve.DENY:
        return PolicyDecision(
            Outcome.DENY, risk, "run-denies", "this run was started without the right to change files"
        )
    for path in written:
        if reason := is_protected(path):
            return PolicyDecision(Outcome.ASK, Risk.CRITICAL, "protected", f"{path}: {reason}")
    if approve is Approve.ALLOW_EDITS:
        return PolicyDecision(
            Outcome.ALLOW, risk, "run-allows-edits", "the person let this run edit files without asking"
        )
    return PolicyDecision(Outcome.ASK, risk, "writing", "it changes a file")
