"""What an approval binds."""

from dataclasses import fields, replace

import pytest

from codelab.policy.digest import BoundCall, BoundCommand, BoundFile, call_digest

FILE = BoundFile("a.py", "b", "c")
COMMAND = BoundCommand(
    argv=("make", "test"),
    program=("/usr/bin/make", "f"),
    operands=(("Makefile", "m"),),
    directory=".",
    identity="1:2",
    environment=(("LANG", "C"),),
    profile="p",
)
CALL = BoundCall(tool="edit_file", root="/w", session="s", run="r", call="k", files=(FILE,), command=COMMAND)
OTHER: dict[str, object] = {
    "argv": ("make", "tests"),
    "program": ("/usr/bin/make", "g"),
    "operands": (("Makefile", "n"),),
    "environment": (("LANG", "D"),),
    "executable": True,
    "files": (),
    "command": None,
    "network": True,
    "taint": ("README.md",),
}


@pytest.mark.req("SAFE-2")
@pytest.mark.parametrize("name", [field.name for field in fields(BoundCall)])
def test_whatever_is_bound_changes_the_digest(name: str) -> None:
    assert call_digest(replace(CALL, **{name: OTHER.get(name, "other")})) != call_digest(CALL)


@pytest.mark.req("SAFE-2")
@pytest.mark.parametrize("name", [field.name for field in fields(BoundFile)])
def test_whatever_is_bound_of_a_file_changes_the_digest(name: str) -> None:
    file = replace(FILE, **{name: OTHER.get(name, "other")})
    assert call_digest(replace(CALL, files=(file,))) != call_digest(CALL)


@pytest.mark.req("SAFE-2", "SAFE-6")
@pytest.mark.parametrize("name", [field.name for field in fields(BoundCommand)])
def test_whatever_is_bound_of_a_command_changes_the_digest(name: str) -> None:
    command = replace(COMMAND, **{name: OTHER.get(name, "other")})
    assert call_digest(replace(CALL, command=command)) != call_digest(CALL)


@pytest.mark.req("SAFE-2")
def test_text_cannot_move_from_one_part_of_the_call_to_another() -> None:
    one, other = BoundFile("a.py", "bc", ""), BoundFile("a.py", "b", "c")
    assert call_digest(replace(CALL, files=(one,))) != call_digest(replace(CALL, files=(other,)))
