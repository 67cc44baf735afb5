"""The decision: a pure function of the call and of the rules.

Invariant: the executor asks this for every tool call, before the tool runs; a tool cannot skip it, since
tools only compute what would change and the executor alone changes anything.
"""

import shlex
from collections.abc import Mapping
from typing import NamedTuple

from codelab.policy.call import PolicyCall
from codelab.policy.hard_rules import always_asked, forbidden, unrequested
from codelab.policy.matching import stands
from codelab.policy.rules import Tier
from codelab.policy.rules_in_force import Applying, PolicyRules
from codelab.policy.taint import in_words
from codelab.policy.types import Access, Mode, Outcome, PolicyDecision, Risk
from codelab.policy.wants import Want, wants_of

POLICY_VERSION = 4  # part of every approval's digest: a changed policy invalidates what was approved under it

_STRICTNESS = {Outcome.ALLOW: 0, Outcome.ASK: 1, Outcome.DENY: 2}
_CHANGES = (Access.WRITE, Access.EXECUTE)
_WHOSE = {Tier.ADMINISTRATOR: "your administrator's", Tier.USER: "your", Tier.WORKSPACE: "the workspace's"}
_VERBS = {Outcome.ALLOW: "allows", Outcome.ASK: "asks about", Outcome.DENY: "denies"}


class _Case(NamedTuple):
    """A call, the rules, and those of them whose conditions about the call as a whole are met."""

    call: PolicyCall
    rules: PolicyRules
    applying: Mapping[Outcome, Applying]


def decide(call: PolicyCall, rules: PolicyRules) -> PolicyDecision:
    """Decide about one tool call.

    Each thing that the call wants is decided by itself; the strictest answer is that of the call. For each
    the order is: what is never allowed; rules that deny, of any tier; the mode; what is always asked; rules
    that ask; then what allows (a rule, the mode, a standing rule), if the session is untainted; then what
    holds without any rule: reading is allowed, a change asked, the network denied.

    Args:
        call: The call.
        rules: The rules of the policy files.

    Returns:
        The outcome, and the first rule that led to it.
    """
    case = _Case(call, rules, rules.applying(call))
    decisions = [_decide_want(want, case) for want in wants_of(call)]
    return max(decisions, key=lambda decision: _STRICTNESS[decision.outcome])


def _decide_want(want: Want, case: _Case) -> PolicyDecision:
    for judge in _JUDGES:
        if decision := judge(want, case):
            return decision
    allowed = _allowed(want, case)
    if allowed is not None and case.call.taint.untrusted:
        why = f"asked after reading untrusted text: {in_words(case.call.taint.untrusted)}"
        return PolicyDecision(Outcome.ASK, allowed.risk, "taint", why)
    return allowed or _by_default(want, case.call)


def _forbidden(want: Want, case: _Case) -> PolicyDecision | None:
    return forbidden(want, case.rules.own)


def _unrequested(want: Want, case: _Case) -> PolicyDecision | None:
    return unrequested(case.call)


def _denied(want: Want, case: _Case) -> PolicyDecision | None:
    return _by_rule(Outcome.DENY, want, case)


def _only_planned(want: Want, case: _Case) -> PolicyDecision | None:
    if case.call.mode is not Mode.PLAN or want.access not in _CHANGES:
        return None
    why = "this session only plans: it changes no file and runs no command"
    return PolicyDecision(Outcome.DENY, _risk(want, case.call), "plan", why)


def _egress(want: Want, case: _Case) -> PolicyDecision | None:
    if want.host is None or not (case.call.taint.untrusted and case.call.taint.private):
        return None
    why = f"the session read untrusted text ({in_words(case.call.taint.untrusted)}) and private data"
    return PolicyDecision(Outcome.DENY, Risk.CRITICAL, "egress", why)


def _always_asked(want: Want, case: _Case) -> PolicyDecision | None:
    return always_asked(want, case.call)


def _asked(want: Want, case: _Case) -> PolicyDecision | None:
    return _by_rule(Outcome.ASK, want, case)


def _broken(want: Want, case: _Case) -> PolicyDecision | None:
    if not case.rules.broken:
        return None
    outcome = Outcome.ASK if want.host is None else Outcome.DENY  # no one can be asked about a host
    return PolicyDecision(outcome, _risk(want, case.call), "broken-policy", case.rules.broken[0])


def _read(want: Want, case: _Case) -> PolicyDecision | None:
    if want.access is Access.READ:
        return PolicyDecision(
            Outcome.ALLOW, case.call.risk, "reading", "it only reads files of the workspace"
        )
    if want.package is not None:
        return PolicyDecision(Outcome.ALLOW, case.call.risk, "importing", f"no rule speaks of {want.package}")
    return None


_JUDGES = (_forbidden, _unrequested, _denied, _only_planned, _egress, _always_asked, _asked, _broken, _read)


def _allowed(want: Want, case: _Case) -> PolicyDecision | None:
    if decision := _by_rule(Outcome.ALLOW, want, case):
        return decision
    if case.call.mode is Mode.ALLOW_EDITS and want.access is Access.WRITE:
        why = "the person lets this session edit files without asking"
        return PolicyDecision(Outcome.ALLOW, case.call.risk, "allow-edits", why)
    for standing in case.call.standing_rules:
        if stands(standing, want, case.call):
            why = "the person said yes to such calls beforehand"
            return PolicyDecision(Outcome.ALLOW, _risk(want, case.call), f"standing-rule:{standing.id}", why)
    return None


def _by_default(want: Want, call: PolicyCall) -> PolicyDecision:
    if want.host is not None:
        why = f"no rule lets an agent reach {want.host}"
        return PolicyDecision(Outcome.DENY, Risk.CRITICAL, "network", why)
    if want.access is Access.EXECUTE:
        return PolicyDecision(Outcome.ASK, Risk.CRITICAL, "running", "it runs a command")
    return PolicyDecision(Outcome.ASK, call.risk, "writing", "it changes a file")


def _by_rule(effect: Outcome, want: Want, case: _Case) -> PolicyDecision | None:
    rule = case.applying[effect].first(want)
    if rule is None:
        return None
    why = f'{_WHOSE[rule.tier]} rule "{rule.name}" {_VERBS[effect]} {_shown(want, case.call)}'
    why = f"{why}: {rule.why}" if rule.why else why
    return PolicyDecision(effect, _risk(want, case.call), rule.name, why, rule.place)


def _shown(want: Want, call: PolicyCall) -> str:
    return f"`{shlex.join(call.argv)}`" if want.access is Access.EXECUTE and call.argv else want.shown


def _risk(want: Want, call: PolicyCall) -> Risk:
    return Risk.CRITICAL if want.access is Access.EXECUTE or want.host is not None else call.risk
