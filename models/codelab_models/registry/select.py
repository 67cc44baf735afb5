"""Which model a role uses: a pure function that explains itself.

A model that the person named goes before one that was found, one named for the role before one named for
all. What is named is passed over only for a reason: it does not answer, its context is too short for the
task, it cannot do what the task needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from codelab_models.registry.profile import Profile, in_words

ROOM_FOR_AN_ANSWER = 2_000
"""Tokens that a context must have beyond the task."""

_SHOWN_BYTES = 50_000_000
_CODE_BILLIONS = 14.0  # beyond this, code-trained models differ less than their context and speed do


class Role(StrEnum):
    """What a model is used for."""

    PLANNING = "planning"
    CODE = "code"
    FAST = "fast"
    EMBEDDING = "embedding"


CHAT_ROLES = (Role.PLANNING, Role.CODE, Role.FAST)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done.

    Attributes:
        role: The role asked for.
        tokens: About how many tokens the model must read, 0 where that is not known yet.
        vision: Images are among them.
    """

    role: Role
    tokens: int = 0
    vision: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may be used.

    Attributes:
        model: As litellm names it; empty for the first one that ``models.endpoint`` lists.
        profile: What it can do.
        origin: Who named it: ``models.code``, or where it was found: ``Ollama``.
        named: The person named it, rather than it being found.
        unreachable: Why it cannot be asked now, a clause; empty where nothing is known against it.
        how: The verb for what was found: a server ``has`` a model, an editor ``lends`` one.
        file_bytes: Size of what this machine would have to load, all parts of a model; 0 where it has not to.
    """

    model: str
    profile: Profile
    origin: str
    named: bool = True
    unreachable: str = ""
    how: str = "has"
    file_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        role: For this role.
        candidate: The model, or None if there is none.
        steps: How it came to that, a sentence each.
        others: Those that could be asked in its place, best first.
    """

    role: Role
    candidate: Candidate | None
    steps: tuple[str, ...]
    others: tuple[Candidate, ...] = ()

    @property
    def model(self) -> str:
        """The name of the model; empty if there is none, or the endpoint's first is meant."""
        return self.candidate.model if self.candidate else ""


def select(task: Task, candidates: Sequence[Candidate]) -> Choice:
    """Choose a model.

    Args:
        task: What it is for.
        candidates: Those that the person named, the first choice first, and those that were found, in any
            order.

    Returns:
        The choice. A model that the person named is chosen even against all reasons where there is no other:
        the person then reads what the model itself says. One that was found is chosen so if it answers.
    """
    named = [one for one in candidates if one.named]
    others = (one for one in candidates if not one.named and not _wrong_kind(task.role, one))
    found = sorted(others, key=lambda one: _rank(task, one))
    steps: list[str] = []
    fit: list[Candidate] = []
    for one in [*named, *found]:
        against = _against(task, one)
        if against:
            if not fit:
                steps.append(f"{_named(one)}, but {against}.")
        else:
            fit.append(one)
    if fit:
        return Choice(task.role, fit[0], (*steps, _chosen(task, fit[0], len(fit))), tuple(fit[1:]))
    # Of those that were found, one that answers and is only too small may do with less.
    left = named or sorted((one for one in found if not one.unreachable), key=_context_of, reverse=True)
    if left:
        steps.append(f"{left[0].model or 'the endpoint'} is asked all the same: there is no other.")
        return Choice(task.role, left[0], tuple(steps), tuple(left[1:]))
    steps.append(f"No model is named or found for {task.role}.")
    return Choice(task.role, None, tuple(steps))


def _wrong_kind(role: Role, one: Candidate) -> str:
    if role is Role.EMBEDDING:
        return "" if one.profile.embedding or one.origin == "models.embedding" else "it makes no vectors"
    return "" if one.profile.chat else "it makes vectors and answers nothing"


def _against(task: Task, one: Candidate) -> str:
    """Return why a model should not be asked, or an empty string."""
    profile = one.profile
    if wrong := one.unreachable or _wrong_kind(task.role, one):
        return wrong
    if task.role is not Role.EMBEDDING and profile.context:
        wanted = task.tokens + ROOM_FOR_AN_ANSWER
        if task.tokens and wanted > profile.context:
            asked = f"about {task.tokens:,} tokens and an answer"
            return f"{asked} do not fit into its context of {profile.context:,}"
    if task.vision and not profile.vision:
        return "it takes no images"
    return ""


def _rank(task: Task, one: Candidate) -> tuple[float, ...]:
    """Return what a found model is ordered by: smaller is better."""
    profile = one.profile
    size = profile.billions
    calls = {"native": 0, "json": 1, "text": 2}[profile.calls]
    match task.role:
        case Role.PLANNING:
            return (calls, not profile.reasoning, -size, -profile.context)
        case Role.CODE:
            return (not profile.code, calls == 2, -min(size, _CODE_BILLIONS), calls, -profile.context)
        case Role.FAST:
            # Below a billion parameters little is understood; an unknown size may be anything.
            return (0 < size < 1, profile.reasoning, size or _CODE_BILLIONS, calls)
        case Role.EMBEDDING:
            return (size, -profile.context)


def _context_of(one: Candidate) -> int:
    return one.profile.context


def _chosen(task: Task, one: Candidate, of: int) -> str:
    if one.named:
        why = "" if one.origin == f"models.{task.role}" else f", as nothing else is set for {task.role}"
        return f"{_named(one)}{why}: {_able(one)}."
    best = f"the best for {task.role} of {of} that were found" if of > 1 else "the only one that was found"
    return f"{_named(one)}, {best}: {_able(one)}."


def _able(one: Candidate) -> str:
    size = f", a file of {one.file_bytes / 1e9:.1f} GB" if one.file_bytes >= _SHOWN_BYTES else ""
    return f"{in_words(one.profile)}{size}"


def _named(one: Candidate) -> str:
    model = one.model or "the first model that it lists"
    return f"{one.origin} names {model}" if one.named else f"{one.origin} {one.how} {model}"
