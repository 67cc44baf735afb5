"""Risk: how much one call could harm, in points with the reasons for them.

The points are an order and not a probability. They never make a call less risky than policy says it is.
"""

import math
import re
from dataclasses import dataclass

from codelab.core.wording import counted
from codelab.policy.types import Risk
from codelab.workspace.protected import is_protected

_MOST = 100
_LEVELS = ((75, Risk.CRITICAL), (50, Risk.HIGH), (25, Risk.MEDIUM), (0, Risk.LOW))
_MANY_FILES = 10
_MUCH_REMOVED = 50  # lines

_TRIGGERS = re.compile(
    r"\b(?:os\.(?:system|popen|exec\w*|spawn\w*)|subprocess\.|pty\.spawn|eval\s*\(|exec\s*\(|__import__|"
    r"child_process|shell\s*=\s*True|Runtime\.getRuntime|ProcessBuilder|pickle\.loads?|yaml\.load\()|"
    r"(?:curl|wget)\b[^\n|]*\|\s*(?:ba|z|da)?sh\b|base64\s+(?:-d|--decode)|chmod\s+\+x|rm\s+-\w*[rf]|"
    r"<script\b|javascript:",
    re.I,
)
_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}\b|"
    r"\bxox[abprs]-[A-Za-z0-9-]{10,}|\bsk-[A-Za-z0-9_-]{20,}\b|"
    r"(?:password|passwd|secret|api_?key|token)\s*[=:]\s*[\"'][^\"'\s]{8,}[\"']",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the risk of a call is told from.

    Attributes:
        kind: ``edit`` or ``command``.
        paths: Files that it changes.
        created: How many of them it creates.
        deleted: How many of them it deletes.
        added: Text of the lines that it adds; for a command the command.
        added_lines: Lines that it adds.
        removed_lines: Lines that it removes.
        shell: Whether a shell reads the command.
        network: Whether it can reach the network.
        sandboxed: Whether a command is confined.
        tainted: Whether the session has read what others may have written.
        published: Whether what it does is out of reach once it is done.
    """

    kind: str
    paths: tuple[str, ...] = ()
    created: int = 0
    deleted: int = 0
    added: str = ""
    added_lines: int = 0
    removed_lines: int = 0
    shell: bool = False
    network: bool = False
    sandboxed: bool = True
    tainted: bool = False
    published: bool = False


@dataclass(frozen=True, slots=True)
class RiskScore:
    """The risk of a call: its level, its points from 0 to 100, and it in one line for a person."""

    level: Risk
    points: int
    words: str


def risk_of(facts: Facts, at_least: Risk) -> RiskScore:
    """Return the risk of a call.

    Args:
        facts: What it does.
        at_least: What policy says.
    """
    reasons = [(points, why) for points, why in (*_operation(facts), *_content(facts)) if points]
    points = min(_MOST, sum(points for points, _ in reasons))
    by_points = next(level for least, level in _LEVELS if points >= least)
    order = list(Risk)
    level = max(by_points, at_least, key=order.index)
    told = [why for _, why in sorted(reasons, key=lambda reason: -reason[0])]
    told.append(_way_back(facts))
    return RiskScore(level, points, f"Risk: {level.value} ({points} of {_MOST}): {', '.join(told)}")


def _operation(facts: Facts) -> list[tuple[int, str]]:
    if facts.kind == "command":
        return [
            (40, "runs a program"),
            (10 if facts.shell else 0, "through a shell"),
            (20 if facts.network else 0, "with the network"),
            (0 if facts.sandboxed else 30, "UNSANDBOXED"),
        ]
    files = len(facts.paths)
    changed = files - facts.created - facts.deleted
    lines = facts.added_lines + facts.removed_lines
    protected = [path for path in facts.paths if is_protected(path)]
    return [
        (20 if changed else 0, f"changes {_files(changed)}"),
        (15 if facts.created else 0, f"creates {_files(facts.created)}"),
        (40 if facts.deleted else 0, f"deletes {_files(facts.deleted)}"),
        (15 if files > _MANY_FILES else 0, "many files at once"),
        (50 if protected else 0, f"{protected[0] if protected else ''} is run or obeyed by other programs"),
        (min(15, round(2 * math.log2(lines))) if lines > 1 else 0, f"{lines} lines"),
    ]


def _content(facts: Facts) -> list[tuple[int, str]]:
    much = facts.removed_lines > _MUCH_REMOVED and facts.removed_lines > 2 * facts.added_lines
    trigger, secret = _TRIGGERS.search(facts.added), _SECRETS.search(facts.added)
    return [
        (15 if trigger else 0, f"contains `{trigger[0][:30].strip() if trigger else ''}`"),
        (30 if secret else 0, "contains what looks like a secret"),
        (15 if much else 0, f"removes {counted(facts.removed_lines, 'line')}"),
        (20 if facts.tainted else 0, "the session has read text of others"),
    ]


def _way_back(facts: Facts) -> str:
    if facts.kind == "edit":
        return "can be undone"
    confined = facts.sandboxed and not facts.published
    return "confined by the sandbox" if confined else "cannot be undone"


def _files(count: int) -> str:
    return "a file" if count == 1 else f"{count} files"
