"""What the model layer said beside an answer, for the person: who answers instead, which limits are near."""

from codelab.agents.run import ActiveRun
from codelab.core.events import Noted
from codelab_models.wire import Completion

_TEXTS = 10
_CHARACTERS = 300


async def write_notes(run: ActiveRun, completion: Completion) -> None:
    """Write down what is new to this run."""
    for text in _notes(completion):
        if text not in run.noted:
            run.noted.add(text)
            await run.write(Noted(run=run.id, text=text))


def _notes(completion: Completion) -> list[str]:
    said: list[str] = []
    for one in _listed(completion.extra.get("passed_over")):
        why = one.get("why") if isinstance(one, dict) else None
        said.append(f"{why}; {completion.model} answers instead")
    said += [text for text in _listed(completion.extra.get("warnings")) if isinstance(text, str)]
    return [text[:_CHARACTERS] for text in said[:_TEXTS]]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
