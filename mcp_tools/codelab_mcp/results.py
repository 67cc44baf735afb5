"""What the tools return; the client sees these as schemas."""

from pydantic import BaseModel, Field

from codelab.core.positions import LineSpan
from codelab.index.types import Hit, Symbol
from codelab.workbench.types import ApprovalView, RunResult

_HOW_TO_ANSWER = (
    "The person answers in an editor that has this workspace open, or with "
    "`codelab approvals approve {id}` (or `reject {id}`). Then call continue_run with this run's id."
)


class Source(BaseModel):
    """Lines of a file, from 1, both ends included."""

    path: str
    start_line: int
    end_line: int


class Passage(Source):
    """A passage found."""

    score: float = Field(description="Higher is better; comparable within one result only.")
    symbol: str
    kind: str
    text: str


class Definition(Source):
    """A definition in a file."""

    name: str = Field(description="With its containers, e.g. UploadClient.send.")
    kind: str
    signature: str


class WaitingApproval(BaseModel):
    """A change that waits for the person's yes."""

    id: str
    title: str
    detail: str = Field(description="Exactly what is approved; for an edit the unified diff.")
    risk: str
    remarks: str = Field(description="Risk, trust, and what else the person is told.")
    how_to_answer: str


class Changed(BaseModel):
    """A file that was changed, with its unified diff and what `undo` takes."""

    path: str
    diff: str
    checkpoint: str


class DecidedApproval(BaseModel):
    """What became of a change that was proposed."""

    id: str
    state: str


class RunReport(BaseModel):
    """How a run stands; `waiting_for` is there while the person has to answer."""

    run: str
    session: str = ""
    state: str
    agent: str = ""
    model: str = ""
    answer: str = ""
    sources: list[Source] = []
    changed: list[Changed] = []
    approvals: list[DecidedApproval] = []
    waiting_for: WaitingApproval | None = None
    tokens: int = 0
    cost_usd: float = 0.0
    limits: list[str] = []
    error: str = ""
    mode: str = ""


def passage(hit: Hit) -> Passage:
    """Return a passage of the index as the tools give it."""
    return Passage(
        path=hit.path,
        start_line=hit.start_line,
        end_line=hit.end_line,
        score=hit.score,
        symbol=hit.symbol,
        kind=hit.kind,
        text=hit.text,
    )


def definition(symbol: Symbol) -> Definition:
    """Return a definition as the tools give it."""
    return Definition(
        path=symbol.path,
        start_line=symbol.start_line,
        end_line=symbol.end_line,
        name=symbol.qualified,
        kind=symbol.kind,
        signature=symbol.signature,
    )


def source(span: LineSpan) -> Source:
    """Return a place as the tools give it."""
    return Source(path=span.path, start_line=span.start_line, end_line=span.end_line)


def ended_run(result: RunResult) -> RunReport:
    """Return the report of a run that has ended or was paused."""
    return RunReport(
        run=result.run,
        session=result.session,
        state=result.state.value,
        agent=result.agent,
        model=result.model,
        answer=result.answer,
        sources=[source(span) for span in result.sources],
        changed=[
            Changed(path=file.path, diff=file.diff, checkpoint=file.checkpoint) for file in result.changed
        ],
        approvals=[DecidedApproval(id=approval, state=state) for approval, state in result.approvals],
        tokens=result.tokens,
        cost_usd=result.cost_usd,
        limits=list(result.limits),
        mode=result.mode,
        error=result.error,
    )


def waiting_run(approval: ApprovalView) -> RunReport:
    """Return the report of a run that waits for the person."""
    return RunReport(
        run=approval.run,
        state="waiting for approval",
        agent=approval.agent,
        waiting_for=WaitingApproval(
            id=approval.id,
            title=approval.title,
            detail=approval.detail,
            risk=approval.risk,
            remarks=approval.remarks,
            how_to_answer=_HOW_TO_ANSWER.format(id=approval.id),
        ),
    )
