"""In which mode a run works: the person chooses it, an assistant may only narrow it."""

from codelab.config.settings import ApprovalSettings
from codelab.core.errors import Denied
from codelab.policy.types import Mode

_WIDTH = (Mode.PLAN, Mode.ASK, Mode.ALLOW_EDITS)


def mode_of_run(
    wanted: Mode | None, session: Mode | None, *, assistant: bool, settings: ApprovalSettings
) -> Mode:
    """Return the mode of a run.

    Args:
        wanted: What the request names, or None.
        session: The mode of the session that it continues, or None for a new one.
        assistant: Whether an assistant asks, and not a person.
        settings: Say whether an assistant may choose that edits are not asked.

    Raises:
        Denied: An assistant wants a wider mode than the person chose.
    """
    before = session or Mode.ASK
    if not assistant:
        return wanted or before
    widest = Mode.ALLOW_EDITS if settings.assistants_may_allow_edits else _narrower(before, Mode.ASK)
    if wanted is not None and _narrower(wanted, widest) is not wanted:
        raise Denied(
            f"An assistant cannot choose the mode {wanted.value}",
            why=f"The person chose {before.value}" if session else "No person has chosen it",
            fix=f"Use {widest.value}; the person can set approvals.assistants_may_allow_edits",
        )
    return wanted or _narrower(before, widest)


def _narrower(one: Mode, other: Mode) -> Mode:
    return min(one, other, key=_WIDTH.index)
