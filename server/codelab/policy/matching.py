"""Whether a rule of a policy file, or a yes given beforehand, holds for what a call wants."""

import re
from collections.abc import Callable

from codelab.policy.call import UNSANDBOXED, PolicyCall, StandingRule
from codelab.policy.globs import host_matches, name_matches, path_matches
from codelab.policy.launchers import program_name, runs_anything, words_of
from codelab.policy.rules import Rule
from codelab.policy.types import Access, Outcome
from codelab.policy.wants import Want


def holds(rule: Rule, want: Want, call: PolicyCall) -> bool:
    """Tell whether a rule holds for what a call wants: for the call, and for this want of it.

    What forbids or asks is understood widely: paths as the most lenient file system compares them, a program
    by any path to it and also inside a shell's line. What allows is understood literally, and only for what
    it names: an allowed command does not allow the files that it writes, and nothing allows a host but a rule
    about hosts.
    """
    return holds_for_caller(rule, call) and holds_for_command(rule, call.argv) and holds_for_want(rule, want)


def holds_for_caller(rule: Rule, call: PolicyCall) -> bool:
    """Tell whether those conditions of a rule are met that are about who calls what, and where it runs."""
    return (
        _any(rule.tools, call.tool, name_matches)
        and _any(rule.agents, call.agent, name_matches)
        and _any(rule.clients, call.client, name_matches)
        and _any(rule.environments, call.environment, name_matches)
        and (rule.tainted is None or rule.tainted is bool(call.taint.untrusted))
        and (not rule.hosts or bool(call.hosts))
        and (not rule.imports or bool(call.imports))
    )


def holds_for_command(rule: Rule, argv: tuple[str, ...]) -> bool:
    """Tell whether a rule says nothing about commands, or holds for this one."""
    if not rule.commands:
        return True
    if rule.effect is Outcome.ALLOW:
        return any(
            argv[: len(begin)] == begin and not runs_anything(begin, scripts=True) for begin in rule.commands
        )
    return bool(argv) and any(_occurs(begin, argv) for begin in rule.commands)


def holds_for_want(rule: Rule, want: Want) -> bool:
    """Tell whether those conditions of a rule are met that are about one thing."""
    return (
        (rule.effect is not Outcome.ALLOW or _names(rule, want))
        and (not rule.access or want.access in rule.access)
        and (not rule.paths or _path(rule, want))
        and (not rule.hosts or _host(rule, want))
        and (not rule.imports or _package(rule, want))
    )


def stands(rule: StandingRule, want: Want, call: PolicyCall) -> bool:
    """Tell whether a standing rule holds for what a call wants; taint and hard rules are looked at before."""
    if rule.tool != call.tool or rule.client != call.client or call.hosts:
        return False
    if rule.agent not in ("", call.agent):
        return False
    if want.access is Access.EXECUTE:
        if not rule.argv or call.environment == UNSANDBOXED or runs_anything(call.argv):
            return False
        same = call.argv == rule.argv if rule.exact else call.argv[: len(rule.argv)] == rule.argv
        return same and rule.environment in ("", call.environment)
    if want.access is Access.WRITE and want.path is not None:
        return any(_lies_in(want.path, place) for place in rule.paths)
    return False


def _lies_in(path: str, place: str) -> bool:
    return path.startswith(place) if place.endswith("/") else path == place


def _any(patterns: tuple[str, ...], value: str, matches: Callable[[str, str], bool]) -> bool:
    return not patterns or any(matches(pattern, value) for pattern in patterns)


def _names(rule: Rule, want: Want) -> bool:
    """Tell whether a rule that allows names the kind of thing that is wanted."""
    if want.host is not None:
        return bool(rule.hosts)
    if want.package is not None:
        return bool(rule.imports)
    if want.access is Access.EXECUTE:
        return bool(rule.commands)
    return bool(rule.paths) and not rule.commands


def _path(rule: Rule, want: Want) -> bool:
    leniently = rule.effect is not Outcome.ALLOW
    return want.path is not None and path_matches(rule.paths, want.path, leniently=leniently)


def _host(rule: Rule, want: Want) -> bool:
    return want.host is not None and _any(rule.hosts, want.host, host_matches)


def _package(rule: Rule, want: Want) -> bool:
    if want.package is None:
        return False
    parts = re.split(r"([./:]+)", want.package)
    names = ["".join(parts[: end + 1]) for end in range(0, len(parts), 2)]  # a, a.b, a.b.c
    return any(_any(rule.imports, name, name_matches) for name in names)


def _occurs(begin: tuple[str, ...], argv: tuple[str, ...]) -> bool:
    size, words = len(begin), words_of(argv)
    if len(words) == len(argv):
        return _same(begin, argv[:size])
    return any(_same(begin, words[at : at + size]) for at in range(len(words)))


def _same(begin: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return (
        len(begin) == len(words)
        and program_name(begin[0]) == program_name(words[0])
        and begin[1:] == words[1:]
    )
