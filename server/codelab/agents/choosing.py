"""Which model a run asks, written down with its reasons where it changes."""

from codelab.agents.run import ActiveRun
from codelab.core.events import ModelChosen
from codelab_models.calls import Grade, Manner
from codelab_models.registry.profile import UNKNOWN
from codelab_models.registry.select import Choice, Role, Task


async def choose_model(run: ActiveRun, tokens: int) -> Choice:
    """Choose the model for the next question of a run.

    Args:
        run: Its template says for which role.
        tokens: About how many tokens the model will read.

    Raises:
        ModelError: The only model that the settings name is known not to answer.
        InputError: A profile of the person's own is wrong.
    """
    choice = await run.services.chooser.choose(Task(Role(run.template.role), tokens))
    if choice.candidate is not None and choice.model != run.model:
        chosen = ModelChosen(run=run.id, role=choice.role, model=choice.model, steps=choice.steps)
        await run.write(chosen)
        run.model = choice.model
    return choice


def manner_for(run: ActiveRun, choice: Choice) -> Manner:
    """Return how the model is told of tools, by its profile: what reasons by itself needs no help with it."""
    profile = choice.candidate.profile if choice.candidate else UNKNOWN
    first = run.services.settings.models.reason_first and not profile.reasoning
    return Manner(profile.notation, worked=not profile.reasoning, reason_first=first)


def grade_for(run: ActiveRun, choice: Choice) -> Grade:
    """Return how tools are offered: as set or learned from a refusal, else as the model's profile says."""
    services = run.services
    if (setting := services.settings.models.tool_calls) != "auto":
        return Grade(setting)
    known = Grade(choice.candidate.profile.calls) if choice.candidate else Grade.NATIVE
    return services.grades.get(choice.model, known)
