"""What a run's model is told: the stable part first, so that providers can keep it."""

from codelab.agents.services import Services
from codelab.agents.templates import Template
from codelab.core.errors import CodeLabError
from codelab.core.positions import LineSpan
from codelab.store.runs import Run
from codelab.workspace.text import plain_lines
from codelab_models.wire import Message

MOST_FOCUS_LINES = 200
_EARLIER_RUNS = 6  # of the same session, told again as question and answer


def opening_messages(
    services: Services,
    template: Template,
    task: str,
    *,
    focus: LineSpan | None,
    notes: tuple[str, ...],
    earlier: list[Run],
) -> list[Message]:
    """Return the messages that open a run: instructions, the session so far, the task.

    Args:
        services: What the run works with.
        template: The agent.
        task: What the person asked.
        focus: What the person has before them, if anything.
        notes: Diagnostics at that place.
        earlier: Runs of the same session, oldest first.
    """
    messages = [Message("system", template.instructions)]
    for run in earlier[-_EARLIER_RUNS:]:
        if run.answer:
            messages += [Message("user", run.task), Message("assistant", run.answer)]
    parts = [task]
    if focus is not None:
        parts.append(_focus_text(services, focus))
    parts += [f"Diagnostic there: {note}" for note in notes]
    messages.append(Message("user", "\n\n".join(part for part in parts if part)))
    return messages


def _focus_text(services: Services, focus: LineSpan) -> str:
    try:
        lines = plain_lines(services.view.read(focus.path).text)
    except CodeLabError:
        return f"(The person is looking at {focus}, which cannot be read.)"
    end = min(focus.end_line, len(lines), focus.start_line + MOST_FOCUS_LINES - 1)
    shown = "\n".join(f"{number}\t{lines[number - 1]}" for number in range(focus.start_line, end + 1))
    return f"The person is looking at {LineSpan(focus.path, focus.start_line, end)}:\n{shown}"


def finishing_message(limit: str) -> Message:
    """Return what the model is told when a limit leaves it no tools."""
    return Message(
        "system",
        f"The limit of {limit} for this run is reached, so no tool is left. Answer now with what you have: "
        "what is done, and what is left.",
    )
