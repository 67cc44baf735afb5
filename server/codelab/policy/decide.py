"""The decision: a pure function of the call and of the rules.

Invariant: the executor asks this for every tool call, before the tool runs; a tool cannot skip it, since
tools only compute what would change and the executor alone changes anything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codelab.policy.call import PolicyCall
from codelab.policy.rules import PolicyRules
from codelab.policy.types import Access, Mode, Outcome, PolicyDecision, Risk, Touch
from codelab.workspace.protected import is_protected
from codelab.workspace.secrets import is_secret

POLICY_VERSION = 2  # part of every approval's digest: a changed policy invalidates what was approved under it

_NEVER_WRITTEN = (".git", ".codelab")  # git's own files; CodeLab's own policy and configuration


@dataclass(frozen=True, slots=True)
class _Call:
    risk: Risk
    touches: Sequence[Touch]
    written: Sequence[str]
    runs: bool
    mode: Mode


def decide(call: PolicyCall, rules: PolicyRules) -> PolicyDecision:
    """Decide about one tool call.

    Args:
        call: The call.
        rules: The rules of the policy files.

    Returns:
        What the first rule says that has something to say; the strictest rules come first.
    """
    written = [touch.path for touch in call.touches if touch.access is Access.WRITE]
    runs = any(touch.access is Access.EXECUTE for touch in call.touches)
    seen = _Call(call.risk, call.touches, written, runs, call.mode)
    return next(decision for rule in _RULES if (decision := rule(seen)) is not None)


def _secrets(call: _Call) -> PolicyDecision | None:
    for touch in call.touches:
        if is_secret(touch.path):
            why = f"{touch.path} holds secrets, which no agent reads or writes"
            return PolicyDecision(Outcome.DENY, Risk.CRITICAL, "secrets", why)
    return None


def _never_written(call: _Call) -> PolicyDecision | None:
    for path in call.written:
        if any(part.casefold() in _NEVER_WRITTEN for part in path.split("/")):
            why = f"{path} belongs to git or to CodeLab itself"
            return PolicyDecision(Outcome.DENY, Risk.CRITICAL, "never-written", why)
    return None


def _reading(call: _Call) -> PolicyDecision | None:
    if call.written or call.runs:
        return None
    return PolicyDecision(Outcome.ALLOW, call.risk, "reading", "it only reads files of the workspace")


def _run_denies(call: _Call) -> PolicyDecision | None:
    if call.mode is not Mode.PLAN:
        return None
    why = "this run was started without the right to change files or to run commands"
    return PolicyDecision(Outcome.DENY, call.risk, "run-denies", why)


def _running(call: _Call) -> PolicyDecision | None:
    if not call.runs:
        return None
    return PolicyDecision(Outcome.ASK, Risk.CRITICAL, "running", "it runs a command")


def _protected(call: _Call) -> PolicyDecision | None:
    for path in call.written:
        if reason := is_protected(path):
            return PolicyDecision(Outcome.ASK, Risk.CRITICAL, "protected", f"{path}: {reason}")
    return None


def _run_allows_edits(call: _Call) -> PolicyDecision | None:
    if call.mode is not Mode.ALLOW_EDITS:
        return None
    why = "the person let this run edit files without asking"
    return PolicyDecision(Outcome.ALLOW, call.risk, "run-allows-edits", why)


def _writing(call: _Call) -> PolicyDecision:
    return PolicyDecision(Outcome.ASK, call.risk, "writing", "it changes a file")


_RULES: tuple[Callable[[_Call], PolicyDecision | None], ...] = (
    _secrets,
    _never_written,
    _reading,
    _run_denies,
    _running,
    _protected,
    _run_allows_edits,
    _writing,
)
