"""What a run's model is told: the stable part first, so that providers can keep it."""

from functools import cache
from importlib import resources

from codelab.agents.templates import Template
from codelab.core.errors import CodeLabError
from codelab.core.positions import LineSpan
from codelab.store.runs import Run
from codelab.tools.contract import Source
from codelab.workspace.files import content_hash
from codelab.workspace.paths import relative
from codelab.workspace.secrets import is_secret
from codelab.workspace.text import plain_lines
from codelab.workspace.view import WorkspaceView
from codelab_models.wire import Message

MOST_FOCUS_LINES = 200
MOST_FOCUS_CHARACTERS = 60_000
MOST_NOTES = 20
MOST_NOTE_CHARACTERS = 2_000
_EARLIER_RUNS = 6  # of the same session, told again as question and answer


def opening_messages(
    template: Template,
    task: str,
    *,
    focus: str,
    notes: tuple[str, ...],
    earlier: list[Run],
) -> list[Message]:
    """Return the messages that open a run: instructions, the session so far, the task.

    Args:
        template: The agent.
        task: What the person asked.
        focus: What the person has before them, as ``read_focus`` tells it, or an empty string.
        notes: Diagnostics at that place.
        earlier: Runs of the same session, oldest first.
    """
    messages = [Message("system", f"{template.instructions}\n\n{_for_every_agent()}")]
    for run in earlier[-_EARLIER_RUNS:]:
        if run.answer:
            messages += [Message("user", run.task), Message("assistant", run.answer)]
    parts = [task, focus]
    parts += [f"Diagnostic there: {note[:MOST_NOTE_CHARACTERS]}" for note in notes[:MOST_NOTES]]
    messages.append(Message("user", "\n\n".join(part for part in parts if part)))
    return messages


@cache
def _for_every_agent() -> str:
    """Return what every agent is told, also one that the person wrote; the same bytes in every request."""
    file = resources.files("codelab.agents") / "instructions" / "person.md"
    return file.read_text(encoding="utf-8").strip()


def read_focus(view: WorkspaceView, focus: LineSpan) -> tuple[str, Source | None]:
    """Return what the person has before them as the model is told it, and the lines that it so has read.

    Args:
        view: The workspace.
        focus: The lines; of many only the first are told. Of a file that holds secrets none is.
    """
    unread = f"(The person is looking at {focus}, which cannot be read.)"
    try:
        path = relative(view.root, focus.path)
        if is_secret(path):
            return unread, None
        file = view.read(path)
    except CodeLabError:
        return unread, None
    lines = plain_lines(file.text)
    start = max(focus.start_line, 1)
    end = min(focus.end_line, len(lines), start + MOST_FOCUS_LINES - 1)
    shown = "\n".join(f"{number}\t{lines[number - 1]}" for number in range(start, end + 1))
    if end < start or len(shown) > MOST_FOCUS_CHARACTERS:
        return f"The person is looking at {focus}.", None
    span = LineSpan(path, start, end)
    return f"The person is looking at {span}:\n{shown}", Source(span, content_hash(file.data))


def finishing_message(limit: str) -> Message:
    """Return what the model is told when a limit leaves it no tools."""
    return Message(
        "system",
        f"The limit of {limit} for this run is reached, so no tool is left. Answer now with what you have: "
        "what is done, and what is left.",
    )
