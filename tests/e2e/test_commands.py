"""Commands as a person meets them, in a real Neovim and through an assistant over MCP."""

from pathlib import Path

import pytest

from tests.support.bench import configure, write_files
from tests.support.mcp_client import PersonAtClient
from tests.support.mcp_client import started as mcp_started
from tests.support.model_server import ScriptedModel, When, scripted_model
from tests.support.neovim import play

pytestmark = pytest.mark.slow

AS_ROOT = "[sandbox]\nas_root = true\n"  # where the tests run as root; for anybody else it means nothing
WRONG = "# codelab: make the tests pass\ndef pay(n):\n    return n\n"
RIGHT = "def pay(n):\n    return n * 2\n"
TESTS = """\
import unittest
from payments import pay


class Pays(unittest.TestCase):
    def test_pays(self):
        self.assertEqual(pay(2), 4)
"""
MENDS = [
    When(role="user").call("run_tests", {}),
    When("FAILED (failures=1)", role="tool").call(
        "edit_file", {"path": "payments.py", "replacements": [{"old": WRONG, "new": RIGHT}]}
    ),
    When("payments.py changed", role="tool").call("run_tests", {"targets": ["test_payments"]}),
    When("OK", role="tool").say("Mended: the tests pass."),
]
ASKED = [
    "run `python3 -m unittest discover`",
    "change payments.py (+1 -2)",
    "run `python3 -m unittest test_payments`",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(
        tmp_path / "shop",
        {"payments.py": WRONG, "test_payments.py": TESTS, ".env": "KEY=SECRET\n", ".git/HEAD": ""},
    )


def hostile(outside: Path) -> list[When]:
    """Return a model that writes outside, reaches for the network and reads a key, each with a yes."""
    calls = (
        f"echo planted > {outside}/planted",
        "python3 -c \"import socket; socket.create_connection(('192.0.2.1', 80), 5)\"",
        "cat .env; wc -c < .env",
    )
    rules = [When(role="user").call("run_command", {"shell": calls[0]})]
    rules += [When(role="tool", times=1).call("run_command", {"shell": line}) for line in calls[1:]]
    return [*rules, When(role="tool").say("Stopped by the sandbox.")]


def check_stopped(model: ScriptedModel, outside: Path) -> None:
    """Check what came of the three commands, and that the agent was told why."""
    assert list(outside.iterdir()) == []
    told = [
        message["content"] for message in model.requests[-1].body["messages"] if message["role"] == "tool"
    ]
    assert "Exit status 2" in told[0] and "cannot create" in told[0], told[0]
    assert "nothing outside of the workspace" in told[0]
    assert "Network is unreachable" in told[1]
    assert "Output:\n0" in told[2], told[2]


@pytest.mark.req("CARD-5", "CARD-6", "SAFE-6", "TOOL-2")
def test_in_neovim_a_failing_test_is_run_the_code_mended_and_the_test_run_again(project: Path) -> None:
    with scripted_model(MENDS) as model:
        configure(model, AS_ROOT)
        played = play("tests", project / "payments.py")
    assert [one["shown"].splitlines()[0].partition(" wants to ")[2] for one in played["prompts"]] == ASKED
    assert played["applied"] == RIGHT
    assert "Mended" in played["answer"]


@pytest.mark.req("CARD-2", "CARD-6", "SAFE-6", "TOOL-2")
async def test_over_mcp_a_failing_test_is_run_the_code_mended_and_the_test_run_again(
    project: Path, tmp_path: Path
) -> None:
    person = PersonAtClient("apply", "apply", "apply")
    with scripted_model(MENDS) as model:
        configure(model, AS_ROOT)
        async with mcp_started(project, "legacy", tmp_path / "errors", person=person) as assistant:
            report = (await assistant.call_tool("run", {"task": "make the tests pass"})).structured_content
    assert report is not None and report["state"] == "done", report
    assert [one.splitlines()[0].partition(" wants to ")[2] for one in person.questions] == ASKED
    assert (project / "payments.py").read_text() == RIGHT


@pytest.mark.req("CARD-5", "CARD-6", "SAFE-6")
def test_in_neovim_a_command_that_would_get_out_is_stopped_and_the_person_sees_why(
    project: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with scripted_model(hostile(outside)) as model:
        configure(model, AS_ROOT)
        played = play("hostile", project / "payments.py")
    assert len(played["prompts"]) == 3
    assert all("sandbox: no network" in prompt["shown"] for prompt in played["prompts"])
    check_stopped(model, outside)


@pytest.mark.req("CARD-2", "CARD-6", "SAFE-6")
async def test_over_mcp_a_command_that_would_get_out_is_stopped_and_the_person_sees_why(
    project: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    person = PersonAtClient("apply", "apply", "apply")
    with scripted_model(hostile(outside)) as model:
        configure(model, AS_ROOT)
        async with mcp_started(project, "legacy", tmp_path / "errors", person=person) as assistant:
            await assistant.call_tool("run", {"task": "look around"})
    assert all("sandbox: no network" in question for question in person.questions)
    check_stopped(model, outside)
