"""Reading a policy file: rules, and what is wrong with it, each mistake with its line and key."""

import re
import shlex
import tomllib
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from codelab.config.toml_lines import failure_line
from codelab.core.visible import visible
from codelab.policy.launchers import runs_anything
from codelab.policy.rules import Rule, Tier
from codelab.policy.types import Access, Outcome

_MOST_PATTERNS = 200  # of one condition
_HEAD = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_HOST = re.compile(r"(\*|(\*\.)?[\w-]+(\.[\w-]+)*\.?|[0-9a-fA-F:]+)")

Globs = tuple[str, ...]


class _RuleTable(BaseModel):
    """One ``[[rule]]`` as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    effect: Literal["allow", "ask", "deny"]
    why: str = Field(default="", max_length=1000)
    tools: Globs | None = Field(default=None, min_length=1, max_length=_MOST_PATTERNS)
    paths: Globs | None = Field(default=None, min_length=1, max_length=_MOST_PATTERNS)
    access: tuple[Access, ...] | None = Field(default=None, min_length=1)
    commands: Globs | None = Field(default=None, min_length=1, max_length=_MOST_PATTERNS)
    hosts: Globs | None = Field(default=None, min_length=1, max_length=_MOST_PATTERNS)
    imports: Globs | None = Field(default=None, min_length=1, max_length=_MOST_PATTERNS)
    agents: Globs | None = Field(default=None, min_length=1, max_length=_MOST_PATTERNS)
    clients: Globs | None = Field(default=None, min_length=1, max_length=_MOST_PATTERNS)
    environments: Globs | None = Field(default=None, min_length=1, max_length=_MOST_PATTERNS)
    tainted: bool | None = Field(default=None, strict=True)

    @field_validator("tools", "paths", "hosts", "imports", "agents", "clients", "environments")
    @classmethod
    def _says_something(cls, patterns: Globs | None) -> Globs | None:
        if any(not pattern.strip() for pattern in patterns or ()):
            raise ValueError("an empty pattern matches nothing")
        return patterns

    @field_validator("paths")
    @classmethod
    def _lies_inside(cls, paths: Globs | None) -> Globs | None:
        for path in paths or ():
            if path.startswith(("/", "~")) or ".." in path.split("/") or "\\" in path:
                raise ValueError(f"{path} is not relative to the workspace, with forward slashes")
        return paths

    @field_validator("hosts")
    @classmethod
    def _is_a_host(cls, hosts: Globs | None) -> Globs | None:
        for host in hosts or ():
            if not _HOST.fullmatch(host):
                raise ValueError(f"{host} is no host: write it without scheme, port and path")
        return hosts

    @field_validator("commands")
    @classmethod
    def _can_be_split(cls, commands: Globs | None) -> Globs | None:
        for command in commands or ():
            try:
                words = shlex.split(command)
            except ValueError as error:
                raise ValueError(f"{command}: {error}") from None
            if not words:
                raise ValueError("an empty command matches nothing")
        return commands

    @model_validator(mode="after")
    def _can_hold(self) -> "_RuleTable":
        kinds = [
            name
            for name, given in (
                ("hosts", self.hosts),
                ("imports", self.imports),
                ("paths or access", self.paths or self.access),
            )
            if given
        ]
        if len(kinds) > 1:
            raise ValueError(f"{' and '.join(kinds)} never hold together: write a rule for each")
        if self.effect == "allow":
            self._allows_what_it_names()
        return self

    def _allows_what_it_names(self) -> None:
        if not (self.paths or self.commands or self.hosts or self.imports):
            raise ValueError("a rule that allows must name paths, commands, hosts or imports")
        if self.tainted:
            raise ValueError("nothing is allowed by itself in a session that has read untrusted text")
        for command in self.commands or ():
            if reason := runs_anything(shlex.split(command), scripts=True):
                raise ValueError(f"`{command}` would allow everything: {reason}")


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """What a policy file says.

    Attributes:
        rules: Its rules; of a file with a mistake only those that ask and deny.
        mistakes: What is wrong with it, a sentence each, the first in the file first.
        notes: What is left out of it though it is no mistake.
    """

    rules: tuple[Rule, ...] = ()
    mistakes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_policy(text: str, tier: Tier, where: str) -> PolicyFile:
    """Read the text of a policy file.

    Args:
        text: The whole file.
        tier: Whose it is. What a workspace would allow is left out.
        where: The file, as mistakes and decisions name it.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return PolicyFile(mistakes=(f"{where}, line {failure_line(error, text)}: this is not TOML: {error}",))
    tables = data.pop("rule", [])
    mistakes = [
        f"{where}, line {_line(text, key)}: there is no key {visible(key)}; write [[rule]]" for key in data
    ]
    if not isinstance(tables, list):
        return PolicyFile(mistakes=(*mistakes, f"{where}: write [[rule]] before each rule, not [rule]"))
    rules: list[Rule] = []
    notes: list[str] = []
    heads = _heads(text)
    for number, table in enumerate(tables):
        head = heads[number] if number < len(heads) else 1
        try:
            rule = _rule(_RuleTable.model_validate(table), tier, f"{where}:{head}")
        except ValidationError as error:
            mistakes.append(_mistake(error, text, head, where))
            continue
        if tier is Tier.WORKSPACE and rule.effect is Outcome.ALLOW:
            notes.append(f'{rule.place}: "{visible(rule.name)}" is ignored: a workspace only narrows.')
        else:
            rules.append(rule)
    if mistakes:
        rules = [rule for rule in rules if rule.effect is not Outcome.ALLOW]
    return PolicyFile(tuple(rules), tuple(mistakes), tuple(notes))


def _rule(table: _RuleTable, tier: Tier, place: str) -> Rule:
    return Rule(
        name=visible(table.name),
        tier=tier,
        effect=Outcome(table.effect),
        why=visible(table.why),
        tools=table.tools or (),
        paths=table.paths or (),
        access=table.access or (),
        commands=tuple(tuple(shlex.split(command)) for command in table.commands or ()),
        hosts=table.hosts or (),
        imports=table.imports or (),
        agents=table.agents or (),
        clients=table.clients or (),
        environments=table.environments or (),
        tainted=table.tainted,
        place=place,
    )


def _mistake(error: ValidationError, text: str, head: int, where: str) -> str:
    found = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        key = next((part for part in one["loc"] if isinstance(part, str)), "")
        found.append((_line(text, key, after=head) if key else head, key, one))
    line, key, first = min(found, key=lambda mistake: mistake[0])
    message = first["msg"].removeprefix("Value error, ").replace("tuple", "list")
    if first["type"] == "extra_forbidden":
        message = f"there is no such key; a rule has {', '.join(_RuleTable.model_fields)}"
    return f"{where}, line {line}: {f'{visible(key)}: ' if key else ''}{visible(message)}"


def _heads(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if _HEAD.match(line)]


def _line(text: str, key: str, after: int = 1) -> int:
    """Return the line of a key from a line on, or that line where it is not found before the next rule."""
    begins = re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[=\].]")
    for number, line in enumerate(text.splitlines(), 1):
        if number > after and _HEAD.match(line):
            break
        if number >= after and begins.match(line):
            return number
    return after
