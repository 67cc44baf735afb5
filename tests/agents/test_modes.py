"""Modes: the person chooses, an assistant narrows."""

import pytest

from codelab.agents.modes import mode_of_run
from codelab.config.settings import ApprovalSettings
from codelab.core.errors import Denied
from codelab.policy.types import Mode

ASK, PLAN, EDITS = Mode.ASK, Mode.PLAN, Mode.ALLOW_EDITS


@pytest.mark.req("SAFE-3")
@pytest.mark.parametrize(
    ("wanted", "session", "assistant", "expected"),
    [
        (None, None, False, ASK),
        (EDITS, None, False, EDITS),
        (None, EDITS, False, EDITS),
        (ASK, PLAN, False, ASK),
        (None, None, True, ASK),
        (PLAN, None, True, PLAN),
        (None, EDITS, True, ASK),
        (None, PLAN, True, PLAN),
        (EDITS, None, True, None),
        (EDITS, EDITS, True, None),
        (ASK, PLAN, True, None),
    ],
)
def test_a_person_chooses_the_mode_and_an_assistant_only_narrows_it(
    wanted: Mode | None, session: Mode | None, assistant: bool, expected: Mode | None
) -> None:
    settings = ApprovalSettings()
    if expected is not None:
        assert mode_of_run(wanted, session, assistant=assistant, settings=settings) is expected
        return
    with pytest.raises(Denied, match="cannot choose"):
        mode_of_run(wanted, session, assistant=assistant, settings=settings)
    widened = ApprovalSettings(assistants_may_allow_edits=True)
    assert mode_of_run(wanted, session, assistant=assistant, settings=widened) is wanted
