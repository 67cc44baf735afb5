"""What policy is asked about and what it answers."""

from dataclasses import dataclass
from enum import StrEnum


class Risk(StrEnum):
    """How much a call can harm; everything from medium upward needs a person's yes."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Mode(StrEnum):
    """How the changes of a session are approved; the person chooses it, and no mode lowers a hard rule."""

    ASK = "ask"  # each is put before a person
    PLAN = "plan"  # none is made and no command runs: the agent only reads
    ALLOW_EDITS = "allow-edits"  # edits of plain files inside the workspace pass, and nothing else


class Access(StrEnum):
    """What a call does with a file, or that it runs a program in a folder."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"


@dataclass(frozen=True, slots=True)
class Touch:
    """What a call is about to read, write or run something in; ``path`` is relative to the workspace root."""

    path: str
    access: Access


class Outcome(StrEnum):
    """What policy says; deny wins over ask, ask over allow."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What policy says about a call.

    Attributes:
        outcome: Allow, ask or deny.
        risk: The risk of the call, as the rule sees it.
        rule: The name of the rule that decided.
        why: Why, in words.
        place: File and line of the rule, ``/etc/codelab/policy.toml:3``; empty for what is built in.
    """

    outcome: Outcome
    risk: Risk
    rule: str
    why: str
    place: str = ""
