"""What policy is asked about and what it answers."""

from dataclasses import dataclass
from enum import StrEnum


class Risk(StrEnum):
    """How much a call can harm; everything from medium upward needs a person's yes."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Approve(StrEnum):
    """How the changes of one run are approved; the person chooses it with the run."""

    ASK = "ask"  # each is put before a person
    DENY = "deny"  # none is made
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
    """An outcome, the risk of the call, the name of the rule that decided, and why in words."""

    outcome: Outcome
    risk: Risk
    rule: str
    why: str
