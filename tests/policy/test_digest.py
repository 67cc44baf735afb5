"""What an approval binds."""

from dataclasses import fields, replace

import pytest

from codelab.policy.digest import BoundCall, call_digest

CALL = BoundCall(
    tool="edit_file", path="a.py", before="b", after="c", root="/w", session="s", run="r", call="k"
)


@pytest.mark.req("SAFE-2")
@pytest.mark.parametrize("name", [field.name for field in fields(BoundCall)])
def test_whatever_is_bound_changes_the_digest(name: str) -> None:
    assert call_digest(replace(CALL, **{name: "other"})) != call_digest(CALL)


@pytest.mark.req("SAFE-2")
def test_text_cannot_move_from_one_part_of_the_call_to_another() -> None:
    assert call_digest(replace(CALL, before="bc", after="")) != call_digest(
        replace(CALL, before="b", after="c")
    )
