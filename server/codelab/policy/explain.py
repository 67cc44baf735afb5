"""What a decision rests on, and what would change it, for a person."""

from dataclasses import dataclass

from codelab.policy.call import PolicyCall
from codelab.policy.decide import decide
from codelab.policy.hard_rules import HARD_RULES
from codelab.policy.matching import holds
from codelab.policy.rules import Rule, Tier
from codelab.policy.rules_in_force import PolicyRules
from codelab.policy.types import Mode, Outcome, PolicyDecision
from codelab.policy.wants import wants_of

_FRESH = "a new session, which has read nothing yet; in a workspace that you trust its text does not count"
_DEFAULTS = {
    "reading": "a rule that denies or asks",
    "importing": "a rule about imports",
    "writing": "the mode allow-edits, or a rule that allows these paths",
    "running": "a rule that allows this command",
    "allow-edits": "the mode ask, or a rule that denies or asks",
    "plan": "a session in the mode ask",
    "taint": _FRESH,
    "egress": _FRESH,
    "network": "a rule that allows this host",
    "broken-policy": "the policy file put right: see `codelab policy check`",
    "unrequested": "the word in a task that you type yourself, in an editor or a terminal",
    "weak-sandbox": "a better sandbox: see `codelab doctor`",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, the rules of the policy files that hold for the call, and what would change it."""

    decision: PolicyDecision
    rules: tuple[Rule, ...]
    change: str


@dataclass(frozen=True, slots=True)
class Supposed:
    """Who would make a call: the agent, the mode of its session, and whether that has read untrusted text."""

    agent: str = "coder"
    mode: Mode = Mode.ASK
    tainted: bool = False


def explain(call: PolicyCall, rules: PolicyRules) -> Explanation:
    """Decide about a call and say what would change the outcome."""
    decision = decide(call, rules)
    wants = list(wants_of(call))
    held = tuple(rule for rule in rules.rules if any(holds(rule, want, call) for want in wants))
    return Explanation(decision, held, _change(decision, call, held))


def _change(decision: PolicyDecision, call: PolicyCall, held: tuple[Rule, ...]) -> str:
    by = next((rule for rule in held if rule.place == decision.place and rule.name == decision.rule), None)
    if decision.place and by is not None:
        return _change_of_rule(by)
    if decision.rule.startswith("standing-rule:"):
        return "the standing rule taken back, or its end"
    if change := _DEFAULTS.get(decision.rule):
        if decision.rule in ("writing", "running") and call.taint.untrusted:
            return f"{change}, and {_FRESH}"
        return change
    return f"nothing: {HARD_RULES[decision.rule]}"


def _change_of_rule(rule: Rule) -> str:
    if rule.tier is Tier.ADMINISTRATOR and rule.effect is not Outcome.ALLOW:
        return f"only your administrator's file: {rule.place}"
    if rule.effect is Outcome.ALLOW:
        return f"the rule at {rule.place} taken away, or one that denies or asks"
    return f"the rule at {rule.place} taken away; a rule that allows does not outweigh it"
