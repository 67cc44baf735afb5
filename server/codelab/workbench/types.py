"""The plain data that passes between the workbench and the faces."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from codelab.core.events import RunState
from codelab.core.positions import LineSpan
from codelab.policy.explain import Supposed
from codelab.policy.types import Mode
from codelab.workspace.editor import BufferEdit, Editor
from codelab_models.chat import ChatModel
from codelab_models.registry.profile import UNKNOWN, Profile

__all__ = [
    "ApprovalPrompter",
    "ApprovalView",
    "BufferEdit",
    "ChangedFile",
    "Decision",
    "Editor",
    "FaceInfo",
    "FileRange",
    "Focus",
    "InterruptedRun",
    "Mode",
    "RunResult",
    "StandingRuleView",
    "Supposed",
    "UndoResult",
    "Verdict",
    "WorkbenchStatus",
]


class Verdict(StrEnum):
    """What a person may answer to an approval."""

    APPROVED = "approved"
    REJECTED = "rejected"
    EDITED = "edited"  # not yet a yes: what they edited is put before them as a proposal of its own


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person answered."""

    verdict: Verdict
    reason: str = ""
    text: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True)
class FaceInfo:
    """Who is connected.

    Attributes:
        kind: ``lsp``, ``mcp`` or ``cli``.
        client: The name it gave, e.g. ``Neovim``.
        can_prompt: It shows a person every pending approval of the workspace, whoever asks (an editor).
            A face that shows only those of its own runs (a terminal, an MCP client with elicitation) says
            false and attaches a prompter all the same.
        model: The model that the client lends, if it does.
        model_profile: What that model can do.
    """

    kind: str
    client: str
    can_prompt: bool
    model: ChatModel | None = None
    model_profile: Profile = UNKNOWN


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A pending approval as a face shows it; every text is already safe to display.

    Attributes:
        id: Names it in ``Workbench.decide``.
        title: One line: ``CodeLab (coder) wants to change payments.py (+3 -1)``.
        detail: All that is approved, derived from the bytes that will run: for an edit the unified diff.
        path: The file it is about, or an empty string.
        before: The file's text now (empty for a new file), for a diff view.
        after: The file's text if approved.
        asked_by: Client and session that ask, for a face other than theirs.
        own: Whether this face's own run asks.
        run: The run.
        agent: The agent.
        risk: ``low``, ``medium``, ``high`` or ``critical``.
        state: ``pending``, ``approved``, ``rejected``, ``edited``, ``expired`` or ``invalidated``.
        reason: Why the person said no, when they said why.
        decided_by: Who answered, or an empty string.
        note: What the person should know besides, or an empty string.
        risk_words: The risk in one line.
        trust_words: What became of calls like it, in one line.
        editable: The text that the person may change before they say yes; None where there is none.
        rule: The standing rule that may be given here with a yes, in words; empty where none may.
        rule_days: How long it would hold.
        proposal: Why that rule is proposed now, or an empty string.
    """

    id: str
    title: str
    detail: str
    path: str
    before: str
    after: str
    asked_by: str
    own: bool
    run: str
    agent: str
    risk: str
    state: str
    reason: str = ""
    decided_by: str = ""
    note: str = ""
    risk_words: str = ""
    trust_words: str = ""
    editable: str | None = None
    rule: str = ""
    rule_days: float = 0.0
    proposal: str = ""

    @property
    def remarks(self) -> str:
        """All that is said besides the title and the detail, a line each."""
        offered = f'"Don\'t ask again" would allow {self.rule} for {self.rule_days:g} days.'
        lines = (self.note, self.risk_words, self.trust_words, self.proposal, offered if self.rule else "")
        return "\n".join(filter(None, lines))


@dataclass(frozen=True, slots=True)
class StandingRuleView:
    """A standing rule as a face shows it.

    Attributes:
        id: Names it.
        words: What it allows.
        client: Where it was given and for whom it holds.
        agent: The agent whose calls it is about.
        created_at: Unix time.
        expires_at: Unix time.
        uses: Calls that it let pass.
        state: ``holds``, ``expired``, or why it ended.
    """

    id: str
    words: str
    client: str
    agent: str
    created_at: float
    expires_at: float
    uses: int
    state: str


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that a run changed, with its unified diff."""

    path: str
    diff: str
    added: int
    removed: int
    checkpoint: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        run: The run's id.
        session: The session it belongs to.
        state: How it stands: ended, or paused.
        agent: The agent that worked.
        model: The model that answered, or an empty string when none did.
        answer: What it says, in Markdown.
        sources: Passages that the answer cites and that were really read.
        changed: Files changed, with diffs.
        approvals: Ids and final states of the approvals it asked for.
        tokens: Tokens used, in and out together.
        cost_usd: Money spent, as far as prices are known.
        limits: Names of the limits that were reached.
        error: What went wrong, in words, or an empty string.
        mode: How its changes were approved: ask, plan or allow-edits.
    """

    run: str
    session: str
    state: RunState
    agent: str
    model: str
    answer: str
    sources: tuple[LineSpan, ...] = ()
    changed: tuple[ChangedFile, ...] = ()
    approvals: tuple[tuple[str, str], ...] = ()
    tokens: int = 0
    cost_usd: float = 0.0
    limits: tuple[str, ...] = ()
    error: str = ""
    mode: str = "ask"

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON-ready data, the same over every face."""
        return {
            **asdict(self),
            "state": self.state.value,
            "approvals": [{"id": approval, "state": state} for approval, state in self.approvals],
        }


@dataclass(frozen=True, slots=True)
class Focus:
    """What the person has before them when they ask: a file and lines of it, and the diagnostics there."""

    span: LineSpan
    diagnostics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What an undo put back: paths, and a sentence for the person."""

    paths: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class InterruptedRun:
    """A run whose face went away: it can be continued or ended."""

    run: str
    session: str
    agent: str
    task: str
    state: RunState
    message: str


@dataclass(frozen=True, slots=True)
class WorkbenchStatus:
    """What ``status`` shows; ``lines`` says it all in sentences, the rest is for programs."""

    lines: tuple[str, ...]
    index_state: str
    runs_active: int
    approvals_pending: int
    model: str
    trusted: bool
    undo_available: bool


class ApprovalPrompter(Protocol):
    """What a face that has a person in front of it does when an approval is pending."""

    async def __call__(self, approval: ApprovalView) -> None:
        """Show the approval and call ``Workbench.decide`` with the person's answer.

        While it is in front of the person, and only then, ``Workbench.in_front`` is entered. It is cancelled
        when another face's answer came first.
        """
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of an answer: the approval's state now, and whether this answer is the one that counted."""

    state: str
    counted: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class FileRange:
    """Lines of a file as the editor shows them."""

    span: LineSpan
    text: str
    total_lines: int
    unsaved: bool = field(default=False)
