"""Events told to a person, one line each: ``coder: reading payments.py``."""

from codelab.core.events import (
    AnyEvent,
    ApprovalAsked,
    ApprovalDecided,
    FileChanged,
    LimitHit,
    ModelChosen,
    ModelReading,
    Noted,
    RuleUsed,
    RunStarted,
    ToolCalled,
    ToolReturned,
)


class Narrator:
    """Tells a run's events; remembers which agent works, and how much of what its model reads was told."""

    def __init__(self) -> None:
        self._agent = "CodeLab"
        self._read = 0

    def line(self, event: AnyEvent) -> str:
        """Return one line for a person, or an empty string where the event is not worth one."""
        match event:
            case RunStarted(agent=agent, mode=mode, reason=reason):
                self._agent = agent
                told = "working" if mode == "ask" else f"working, mode {mode}"
                told += f" ({reason})" if reason else ""
            case ModelChosen(model=model, steps=(first, _, *_)):  # what was wanted first could not be had
                told = f"asking {model}: {first}"
            case ToolCalled(title=title):
                told = title
            case ToolReturned(ok=False, summary=summary):
                told = summary
            case ApprovalAsked():
                told = "waiting for approval"
            case ApprovalDecided(state=state, by=by, reason=reason):
                told = f"{state} by {by}" + (f": {reason}" if reason else "") if by else state
            case RuleUsed(words=words, uses=uses, rule=rule):
                told = f"allowed by your standing rule {rule}: {words} (use {uses})"
            case FileChanged(path=path, added=added, removed=removed):
                told = f"changed {path} (+{added} -{removed})"
            case LimitHit(limit=limit):
                told = f"reached the limit of {limit}"
            case Noted(text=text):
                told = text
            case ModelReading():
                told = self._reading(event)
            case _:
                return ""
        return f"{self._agent}: {told}" if told else ""

    def _reading(self, event: ModelReading) -> str:
        """Tell each tenth of what is read, and nothing between."""
        before, self._read = self._read, event.percent // 10
        return reading_line(event) if self._read != before else ""


def reading_line(event: ModelReading) -> str:
    """Say how far a model has read."""
    return f"the model reads the conversation: {event.percent} % of {event.total:,} tokens"
