"""``codelab policy``: show the rules, check the files, explain a decision."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.policies import policy_of
from codelab.cli.root import chosen_root
from codelab.cli.terminal import Terminal
from codelab.core.errors import InputError
from codelab.core.wording import counted
from codelab.policy.explain import Explanation
from codelab.policy.hard_rules import HARD_RULES
from codelab.policy.load import FileState, LoadedPolicy
from codelab.policy.rules import Rule
from codelab.policy.types import Mode
from codelab.tools.catalog import TOOLS
from codelab.workbench.types import Supposed

_BROKEN = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="show")
    show = actions.add_parser("show", help="the rules in force and where they come from (default)")
    check = actions.add_parser("check", help="what is wrong with the policy files, with line and key")
    explain = actions.add_parser("explain", help="what policy would say about a call, and why")
    explain.add_argument("call", nargs="+", help="a tool and its arguments as JSON, or -- and a command line")
    explain.add_argument("--agent", default="coder", metavar="NAME", help="the agent that calls (coder)")
    explain.add_argument(
        "--mode", choices=[mode.value for mode in Mode], default=Mode.ASK.value, help="of its session (ask)"
    )
    explain.add_argument("--tainted", action="store_true", help="suppose that it has read untrusted text")
    for action in (show, check, explain):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Show, check or explain."""
    if options.action == "explain":
        return run_async(_explain(options, terminal))
    return run_async(_files(options, terminal))


async def _files(options: argparse.Namespace, terminal: Terminal) -> int:
    policy = await policy_of(chosen_root(options.root))
    mistakes = [mistake for file in policy.files for mistake in file.mistakes]
    if terminal.as_json:
        terminal.show_json(
            {
                "ok": not mistakes,
                "mistakes": mistakes,
                "files": [_file_data(file) for file in policy.files],
                "rules": [rule_data(rule) for rule in policy.rules.rules],
                "hard_rules": HARD_RULES,
                "notes": list(policy.notes),
            }
        )
    elif options.action == "check":
        _show_check(policy, mistakes, terminal)
    else:
        _show_rules(policy, terminal)
    return _BROKEN if mistakes and options.action == "check" else 0


def _show_check(policy: LoadedPolicy, mistakes: list[str], terminal: Terminal) -> None:
    for mistake in mistakes:
        terminal.show(mistake)
    if mistakes:
        terminal.note("Everything is asked until this is put right.")
    else:
        files = counted(sum(file.read for file in policy.files), "policy file")
        terminal.show(f"{files}, {counted(len(policy.rules.rules), 'rule')}: all right.")
        for note in policy.notes:
            terminal.note(note)


def _show_rules(policy: LoadedPolicy, terminal: Terminal) -> None:
    terminal.show("Built in; nothing lowers these:")
    for name, meaning in HARD_RULES.items():
        terminal.show(f"  {name}: {meaning}")
    for file in policy.files:
        terminal.show("")
        state = "" if file.read else " (not there)" if not file.there else " (not read)"
        terminal.show(f"{file.tier.value}: {file.path}{state}")
        for rule in policy.rules.rules:
            if rule.tier is file.tier:
                terminal.show(f"  {rule.effect.value}: {rule.name}  {_conditions(rule)}  ({rule.place})")
    terminal.show("")
    for note in policy.notes:
        terminal.note(note)


async def _explain(options: argparse.Namespace, terminal: Terminal) -> int:
    tool, arguments = _call(options.call)
    async with opened_workbench(options) as bench:
        supposed = Supposed(options.agent, Mode(options.mode), options.tainted)
        said = await bench.policy.explain(tool, arguments, supposed)
    if terminal.as_json:
        terminal.show_json(_explanation_data(said))
        return 0
    decision = said.decision
    terminal.show(f"{decision.outcome.value} (risk {decision.risk.value}): {decision.why}")
    terminal.show(f"rule: {decision.rule} ({decision.place or 'built in'})")
    for rule in said.rules:
        if (rule.name, rule.place) != (decision.rule, decision.place):
            terminal.show(f"holds as well: {rule.effect.value}: {rule.name} ({rule.place})")
    terminal.show(f"what would change it: {said.change}")
    return 0


def _call(words: list[str]) -> tuple[str, str]:
    """Return the tool and its arguments: named by its name, or a command line for run_command."""
    if words[0] not in TOOLS and len(words) == 2 and words[1].lstrip().startswith("{"):
        tools = ", ".join(sorted(TOOLS))
        raise InputError(f"There is no tool {words[0]!r}", fix=f"Tools: {tools}. A command stands after --")
    if words[0] not in TOOLS:
        return "run_command", json.dumps({"argv": words})
    if len(words) > 2:
        raise InputError(f"After {words[0]} come its arguments as one JSON text", fix="Put it in quotes")
    return words[0], words[1] if len(words) == 2 else "{}"


def _explanation_data(said: Explanation) -> dict[str, Any]:
    decision = said.decision
    return {
        "outcome": decision.outcome.value,
        "risk": decision.risk.value,
        "rule": decision.rule,
        "place": decision.place,
        "why": decision.why,
        "rules": [rule_data(rule) for rule in said.rules],
        "change": said.change,
    }


def rule_data(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON-ready data, without the conditions that it does not have."""
    return {key: value for key, value in asdict(rule).items() if value not in ((), None, "")}


def _file_data(file: FileState) -> dict[str, Any]:
    return {**asdict(file), "tier": file.tier.value, "path": str(file.path)}


def _conditions(rule: Rule) -> str:
    told = rule_data(rule)
    left = {key: told[key] for key in told if key not in ("name", "tier", "effect", "why", "place")}
    return "; ".join(f"{key} {_shown(value)}" for key, value in left.items())


def _shown(value: object) -> str:
    if not isinstance(value, tuple):
        return str(value).lower()
    return ", ".join(" ".join(one) if isinstance(one, tuple) else str(one) for one in value)
