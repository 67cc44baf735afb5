"""What a run tells its faces, as a closed union of plain data.

Every event is stored with its run in the transaction that makes it true, before any face sees it, but for
``Token``, ``ModelReading`` and ``CommandOutput``. These only pass through: a whole text is stored when it is
complete.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from codelab.core.positions import LineSpan


class RunState(StrEnum):
    """The states of a run; the last three end it."""

    IDLE = "idle"
    PROCESSING = "processing"
    WAITING_FOR_APPROVAL = "waiting for approval"
    WAITING_FOR_CLARIFICATION = "waiting for clarification"
    EXECUTING = "executing"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Tell whether the run can go no further."""
        return self in (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The part all events share: which run, and for stored ones the place in its order (from 1)."""

    run: str
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run begins: which agent works, why it was chosen, and how its changes are approved.

    ``requested`` are the tools that the person's own words unlocked, of those that need them.
    """

    session: str
    agent: str
    reason: str
    task: str
    mode: str = "ask"
    requested: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Event):
    """The run moved to another state."""

    state: RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChosen(Event):
    """The model that is asked from now on for a role, and how it came to that, a sentence each step."""

    role: str
    model: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Event):
    """A piece of the answer as it is generated."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReading(Event):
    """The model has read so many tokens of the conversation; told by models that take long."""

    processed: int
    total: int

    @property
    def percent(self) -> int:
        """The part that is read."""
        return 100 * self.processed // max(1, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded(Event):
    """The model's message is complete."""

    text: str
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(Event):
    """A tool call was understood and begins; ``title`` says it to a person: ``reading payments.py``."""

    call: str
    tool: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(Event):
    """A call waits for the person's yes."""

    call: str
    approval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided(Event):
    """An approval ended: ``approved``, ``rejected``, ``edited``, ``expired`` or ``invalidated``; by whom."""

    approval: str
    state: str
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUsed(Event):
    """A call passes by a standing rule of the person's: which, in words, and how often it was used."""

    call: str
    rule: str
    words: str
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanged(Event):
    """A file was changed; ``checkpoint`` undoes it."""

    call: str
    path: str
    checkpoint: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReturned(Event):
    """A tool call ended; ``summary`` is one line for a person."""

    call: str
    ok: bool
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOutput(Event):
    """A piece of what a command says, as it says it."""

    call: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHit(Event):
    """A limit was reached and the tools were narrowed to finishing."""

    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Something that the person should know: another model answers than they chose, or a limit is near."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """The run is over: its answer, the sources that were really read, or the error in words."""

    state: RunState
    answer: str
    sources: tuple[LineSpan, ...] = field(default=())
    error: str = ""


AnyEvent = (
    RunStarted
    | StateChanged
    | ModelChosen
    | ModelReading
    | Token
    | MessageAdded
    | ToolCalled
    | ApprovalAsked
    | ApprovalDecided
    | RuleUsed
    | FileChanged
    | ToolReturned
    | CommandOutput
    | LimitHit
    | Noted
    | RunEnded
)

Passing = Token | ModelReading | CommandOutput  # what only passes through and is not stored


def event_data(event: AnyEvent) -> dict[str, Any]:
    """Return an event as JSON-ready data with its ``kind``; run and seq are the caller's columns."""
    data = asdict(event)
    return {"kind": type(event).__name__, **{k: v for k, v in data.items() if k not in ("run", "seq")}}
