"""Events as one line each for a person."""

import pytest

from codelab.core.events import (
    AnyEvent,
    ApprovalAsked,
    ApprovalDecided,
    FileChanged,
    LimitHit,
    ModelChosen,
    ModelReading,
    Noted,
    RunStarted,
    Token,
    ToolCalled,
    ToolReturned,
)
from codelab.core.narration import Narrator

STARTED = RunStarted(run="r", session="s", agent="coder", reason="asked", task="t")


@pytest.mark.req("AGENT-16")
@pytest.mark.parametrize(
    ("event", "line"),
    [
        (ToolCalled(run="r", call="c", tool="read_file", title="reading a.py"), "coder: reading a.py"),
        (ToolReturned(run="r", call="c", ok=True, summary="12 lines"), ""),
        (ToolReturned(run="r", call="c", ok=False, summary="no such file"), "coder: no such file"),
        (ApprovalAsked(run="r", call="c", approval="a"), "coder: waiting for approval"),
        (ApprovalDecided(run="r", approval="a", state="approved", by="vim"), "coder: approved by vim"),
        (ApprovalDecided(run="r", approval="a", state="expired", by=""), "coder: expired"),
        (
            ApprovalDecided(run="r", approval="a", state="rejected", by="vim", reason="too long"),
            "coder: rejected by vim: too long",
        ),
        (
            FileChanged(run="r", call="c", path="a.py", checkpoint="k", added=2, removed=1),
            "coder: changed a.py (+2 -1)",
        ),
        (LimitHit(run="r", limit="searches"), "coder: reached the limit of searches"),
        (Noted(run="r", text="80 of 100 requests are used"), "coder: 80 of 100 requests are used"),
        (ModelChosen(run="r", role="code", model="m", steps=("models.code names m.",)), ""),
        (
            ModelChosen(run="r", role="code", model="m", steps=("models.code names x, but no.", "m.")),
            "coder: asking m: models.code names x, but no.",
        ),
        (Token(run="r", text="hello"), ""),
    ],
)
def test_an_event_is_told_in_one_line(event: AnyEvent, line: str) -> None:
    narrator = Narrator()
    assert narrator.line(STARTED) == "coder: working (asked)"
    assert narrator.line(event) == line


def test_of_what_a_model_reads_each_tenth_is_told_once() -> None:
    narrator = Narrator()
    narrator.line(STARTED)
    told = [narrator.line(ModelReading(run="r", processed=at, total=2000)) for at in range(0, 2001, 50)]
    assert [line for line in told if line][:2] == [
        "coder: the model reads the conversation: 10 % of 2,000 tokens",
        "coder: the model reads the conversation: 20 % of 2,000 tokens",
    ]
    assert len([line for line in told if line]) == 10
    assert "5 %" in narrator.line(ModelReading(run="r", processed=1, total=20))
    assert narrator.line(ModelReading(run="r", processed=0, total=0)) == ""
