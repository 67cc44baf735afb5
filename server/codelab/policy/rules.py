"""Rules as data, in tiers. What is built in is code, in ``decide``; these come from policy files."""

from dataclasses import dataclass
from enum import StrEnum

from codelab.policy.types import Access, Outcome


class Tier(StrEnum):
    """Who wrote a rule, in the order in which they are asked."""

    ADMINISTRATOR = "administrator"
    USER = "user"
    WORKSPACE = "workspace"  # of a trusted workspace; it can only forbid and ask


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy file. It holds for a call that meets all of its conditions; an empty one is met.

    Attributes:
        name: As the person reads it.
        tier: Who wrote it.
        effect: What it says.
        why: Why, in the words of who wrote it.
        tools: Globs of tools' names.
        paths: Globs of paths relative to the workspace root.
        access: What is done with these paths; anything if empty.
        commands: Beginnings of commands, each the program and some of its arguments.
        hosts: Hosts, or ``*.`` and a domain.
        imports: Globs of packages' names.
        agents: Globs of agents' names.
        clients: Globs of clients' names.
        environments: Globs of kinds of sandbox.
        tainted: Whether the session has read untrusted text; either if None.
        place: File and line.
    """

    name: str
    tier: Tier
    effect: Outcome
    why: str = ""
    tools: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    access: tuple[Access, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    hosts: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    tainted: bool | None = None
    place: str = ""
