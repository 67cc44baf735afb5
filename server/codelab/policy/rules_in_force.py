"""The rules in force, laid out so that a decision looks at few of them; which hold, ``matching`` says."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from typing import NamedTuple

from codelab.policy.call import PolicyCall
from codelab.policy.globs import any_of
from codelab.policy.launchers import program_name, words_of
from codelab.policy.matching import holds_for_caller, holds_for_command, holds_for_want
from codelab.policy.rules import Rule, Tier
from codelab.policy.types import Outcome
from codelab.policy.wants import Want
from codelab.workspace.folding import folded

_MOST_CALLERS = 64  # whose rules are kept: a run calls a few tools as one agent in one client


class Applying(NamedTuple):
    """The rules of one effect whose conditions about a call as a whole are met, in order.

    Attributes:
        effect: The effect.
        rules: These rules.
        pathless: Those of them that name no paths.
        paths: Matches each path that a rule of the effect names.
    """

    effect: Outcome
    rules: Sequence[Rule]
    pathless: Sequence[Rule]
    paths: re.Pattern[str]

    def first(self, want: Want) -> Rule | None:
        """Return the first rule that holds for one thing that the call wants, or None."""
        path, rules = want.path, self.pathless
        if path is not None and self.paths.fullmatch(path if self.effect is Outcome.ALLOW else folded(path)):
            rules = self.rules
        return next((rule for rule in rules if holds_for_want(rule, want)), None)


class _OfCaller(NamedTuple):
    """The rules of one effect that hold for who calls.

    Attributes:
        plain: Those that say nothing about commands.
        places: Where each of these stands among the rules of the effect.
        by_program: Where those about commands stand, by the programs that they name.
    """

    plain: Applying
    places: Sequence[int]
    by_program: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class PolicyRules:
    """The rules in force.

    Attributes:
        rules: Those of the policy files, tier after tier.
        broken: What is wrong with a policy file, a sentence each; every call is asked while there is one.
        own: Folders of CodeLab's own that lie in the workspace; no agent reads or writes them.
    """

    rules: tuple[Rule, ...] = ()
    broken: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what decides: all of the rules but their names, their reasons and where they stand."""
        told = [replace(rule, name="", why="", place="") for rule in self.rules]
        decides = (list(map(astuple, told)), bool(self.broken), self.own)
        return hashlib.sha256(json.dumps(decides).encode()).hexdigest()

    def applying(self, call: PolicyCall) -> Mapping[Outcome, Applying]:
        """Return, by effect, the rules whose conditions about a call as a whole are met."""
        words = words_of(call.argv)
        if len(words) == len(call.argv):  # no shell, so that only the first word is a program
            words = words[:1]
        programs = {program_name(word) for word in words}
        return {
            effect: self._with_commands(mine, call.argv, programs)
            for effect, mine in self._of_caller(call).items()
        }

    def _with_commands(self, mine: _OfCaller, argv: tuple[str, ...], programs: set[str]) -> Applying:
        written = self._by_effect[mine.plain.effect]
        named = {place for program in programs for place in mine.by_program.get(program, ())}
        met = [place for place in named if holds_for_command(written[place], argv)]
        if not met:
            return mine.plain
        rules = [written[place] for place in sorted((*mine.places, *met))]
        return mine.plain._replace(rules=rules, pathless=[rule for rule in rules if not rule.paths])

    def _of_caller(self, call: PolicyCall) -> Mapping[Outcome, _OfCaller]:
        """Return what holds for a caller; all that ``holds_for_caller`` looks at is in the key."""
        who = (call.tool, call.agent, call.client, call.environment)
        key = (*who, bool(call.taint.untrusted), bool(call.hosts), bool(call.imports))
        kept = self._callers.get(key)  # threads ask as well
        if kept is None:
            kept = {effect: self._select(effect, call) for effect in Outcome}
            if len(self._callers) >= _MOST_CALLERS:
                self._callers.clear()
            self._callers[key] = kept
        return kept

    def _select(self, effect: Outcome, call: PolicyCall) -> _OfCaller:
        written = self._by_effect[effect]
        held = [place for place, rule in enumerate(written) if holds_for_caller(rule, call)]
        places = [place for place in held if not written[place].commands]
        by_program: defaultdict[str, list[int]] = defaultdict(list)
        for place in held:
            for program in {program_name(begin[0]) for begin in written[place].commands if begin}:
                by_program[program].append(place)
        plain = [written[place] for place in places]
        pathless = [rule for rule in plain if not rule.paths]
        return _OfCaller(Applying(effect, plain, pathless, self._paths[effect]), places, by_program)

    @cached_property
    def _callers(self) -> dict[tuple[object, ...], Mapping[Outcome, _OfCaller]]:
        return {}

    @cached_property
    def _paths(self) -> Mapping[Outcome, re.Pattern[str]]:
        return {
            effect: any_of(
                tuple(glob for rule in written for glob in rule.paths), leniently=effect is not Outcome.ALLOW
            )
            for effect, written in self._by_effect.items()
        }

    @cached_property
    def _by_effect(self) -> Mapping[Outcome, tuple[Rule, ...]]:
        tiers = {Outcome.ALLOW: (Tier.ADMINISTRATOR, Tier.USER)}  # a workspace has none that allows
        return {
            effect: tuple(
                rule
                for tier in tiers.get(effect, tuple(Tier))
                for rule in self.rules
                if rule.effect is effect and rule.tier is tier
            )
            for effect in Outcome
        }


NO_RULES = PolicyRules()
