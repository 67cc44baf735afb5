"""Standing rules: what may be allowed beforehand at all, in which narrow form, and what such a rule covers.

All of it is pure. A rule is literal: one file by its exact path, or one command by its arguments, together
with the program's bytes, the folder, the environment and the sandbox. What can mean anything is not offered.
"""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from codelab.policy.digest import BoundCall, BoundCommand, BoundFile
from codelab.policy.programs import counts_only_whole, why_open
from codelab.policy.requested import REQUESTED
from codelab.policy.types import Risk
from codelab.workspace.protected import is_protected
from codelab.workspace.reading import ABSENT
from codelab.workspace.secrets import is_secret

_RISKS = tuple(Risk)

_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./:,\[\]-]*")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a standing rule allows; JSON-ready.

    Attributes:
        kind: ``edit`` or ``command``.
        path: The file, for an edit.
        argv: The command, or its beginning.
        exact: Whether ``argv`` is all of it; else plain words may follow: no options, no assignments.
        program: Path and SHA-256 of what is executed.
        directory: Where it runs.
        environment: SHA-256 of its environment.
        profile: SHA-256 of the sandbox.
    """

    kind: str
    path: str = ""
    argv: tuple[str, ...] = ()
    exact: bool = True
    program: tuple[str, str] = ("", "")
    directory: str = ""
    environment: str = ""
    profile: str = ""

    def as_json(self) -> str:
        """Return it as text to be stored."""
        return json.dumps(asdict(self), sort_keys=True)


def read_scope(text: str) -> Scope:
    """Return the scope that was stored."""
    data: dict[str, Any] = json.loads(text)
    return Scope(**{**data, "argv": tuple(data["argv"]), "program": tuple(data["program"])})


def scope_of(call: BoundCall) -> Scope | None:
    """Return the narrowest scope of a call: its one file, or its whole command; None for several files."""
    if call.command is not None:
        return _command_scope(call.command)
    if len(call.files) != 1:
        return None
    return Scope("edit", path=call.files[0].path)


def _command_scope(command: BoundCommand) -> Scope:
    return Scope(
        "command",
        argv=command.argv,
        program=command.program,
        directory=command.directory,
        environment=command.environment_hash,
        profile=command.profile,
    )


def why_never(call: BoundCall) -> str:
    """Return why no standing rule may cover a call, or an empty string where one may.

    Args:
        call: The call, as an approval binds it.
    """
    if call.tool in REQUESTED:
        return f"every {REQUESTED[call.tool]} is asked"
    if call.tainted:
        return "this session has read text that others may have written"
    if call.command is not None:
        return _why_no_command(call.command)
    return _why_no_edit(call.files)


def _why_no_edit(files: Sequence[BoundFile]) -> str:
    if len(files) != 1:
        return "it changes several files"
    (file,) = files
    if reason := is_protected(file.path):
        return f"{file.path}: {reason}"
    if is_secret(file.path):
        return f"{file.path} holds secrets"
    if ABSENT in (file.before, file.after):
        return "it creates or deletes a file"
    return ""


def _why_no_command(command: BoundCommand) -> str:
    if command.network:
        return "it is not cut off from the network"
    if any("\n" in part for part in command.argv):
        return "it is more than one line"
    return why_open(command.argv[0]) or why_open(command.program[0])


def likeness_of(call: BoundCall) -> str:
    """Return what calls like this one have in common: the path, or the command up to its last option."""
    scope = scope_of(call)
    if scope is None:
        return ""
    if scope.kind == "edit":
        return f"edit {scope.path}"
    return f"command {scope.directory} " + json.dumps(_stem(scope.argv))


def _stem(argv: Sequence[str]) -> tuple[str, ...]:
    end = len(argv)
    while end > 1 and _PLAIN_WORD.fullmatch(argv[end - 1]):
        end -= 1
    return tuple(argv[:end])


def widened(scope: Scope) -> Scope:
    """Return the scope of a command's beginning, with plain words free to follow, if that is narrow enough.

    It is so where the beginning holds more than the program, and the program's words do not decide what runs.
    """
    stem = _stem(scope.argv)
    if scope.kind != "command" or len(stem) <= 1 or stem == scope.argv or counts_only_whole(stem[0]):
        return scope
    return replace(scope, argv=stem, exact=False)


def covers(scope: Scope, call: BoundCall) -> bool:
    """Tell whether a scope allows a call, of those for which a standing rule may exist at all."""
    if why_never(call):
        return False
    wanted = scope_of(call)
    if wanted is None or scope.kind != wanted.kind:
        return False
    if scope.exact:
        return scope == wanted
    rest = wanted.argv[len(scope.argv) :]
    return (
        wanted.argv[: len(scope.argv)] == scope.argv
        and replace(wanted, argv=scope.argv, exact=False) == scope
        and all(_PLAIN_WORD.fullmatch(word) and ".." not in word.split("/") for word in rest)
    )


def no_riskier(risk: str, given_at: str) -> bool:
    """Tell whether a call is at most as risky as the one for which a rule was given."""
    return _RISKS.index(Risk(risk)) <= _RISKS.index(Risk(given_at))


def words_of(scope: Scope) -> str:
    """Return what a scope allows, for a person: ``changes of a.py``, ``exactly `make test```."""
    if scope.kind == "edit":
        return f"changes of {scope.path}"
    command = f"`{shlex.join(scope.argv)}`"
    place = "" if scope.directory == "." else f" in {scope.directory}"
    return f"{'exactly ' if scope.exact else ''}{command}{place}" + (
        "" if scope.exact else ", with files or names after it"
    )
