"""Two editors and an MCP client, each with a server process of its own, on one workspace at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import lsp_client
from tests.support.bench import configure, write_files
from tests.support.lsp_client import NoAnswer, RawClient
from tests.support.mcp_client import GUARD_SECONDS, Mode, PersonAtClient
from tests.support.mcp_client import started as mcp_started
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.slow

BEFORE = "def pay(amount):\n    return charge(amount)\n"
AFTER = "def pay(amount):\n    check(amount)\n    return charge(amount)\n"
EDIT = {"path": "pay.py", "replacements": [{"old": "    return", "new": "    check(amount)\n    return"}]}
RULES = (When(role="user").call("edit_file", EDIT), When(role="tool").say("Done."))


class PersonAtEditor:
    """Someone in front of an editor: keeps the questions, and answers when they are told to."""

    def __init__(self, client: RawClient) -> None:
        self.client = client
        self.choice: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        client.answers["window/showMessageRequest"] = self._asked

    async def _asked(self, params: Any) -> Any:
        choice = await self.choice
        if choice == "nothing":
            raise NoAnswer
        return {"title": choice}

    async def question(self) -> str:
        asked = await self.client.wait_for_method("window/showMessageRequest")
        return str(asked["message"])

    async def prompt_withdrawn(self) -> None:
        asked = await self.client.wait_for(lambda m: m.get("method") == "window/showMessageRequest")
        withdrawn = await self.client.wait_for_method("$/cancelRequest")
        assert withdrawn["id"] == asked["id"]


@asynccontextmanager
async def editor(root: Path, name: str) -> AsyncIterator[PersonAtEditor]:
    async with lsp_client.started() as client:
        person = PersonAtEditor(client)
        await client.initialize(root, name=name)
        await client.command("codelab.status", {"show": False})  # answered once the workspace is open
        yield person
        if not person.choice.done():
            person.choice.set_result("nothing")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "project", {"pay.py": BEFORE})


@pytest.mark.req("CARD-5", "CARD-6", "SAFE-2")
@pytest.mark.parametrize(
    ("mode", "choice", "after"), [("auto", "Apply", AFTER), ("legacy", "Reject", BEFORE)]
)
async def test_an_mcp_runs_approval_shows_everywhere_and_the_first_answer_wins(
    project: Path, tmp_path: Path, mode: Mode, choice: str, after: str
) -> None:
    at_client = PersonAtClient("wait")
    with scripted_model(list(RULES)) as model:
        configure(model)
        async with (
            editor(project, "First editor") as first,
            editor(project, "Second editor") as second,
            mcp_started(project, mode, tmp_path / "errors", person=at_client) as assistant,
        ):
            running = asyncio.create_task(assistant.call_tool("run", {"task": "check the amount"}))
            for person in (first, second):
                question = await person.question()
                assert "claude-code" in question and "pay.py (+1 -0)" in question
            await asyncio.wait_for(at_client.asked.wait(), GUARD_SECONDS)
            assert (project / "pay.py").read_text() == BEFORE
            first.choice.set_result(choice)
            await second.prompt_withdrawn()
            if (
                mode == "auto"
            ):  # in the stateless era the client has its question, and nobody can take it back
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            else:
                await asyncio.wait_for(at_client.withdrawn.wait(), GUARD_SECONDS)
                report = (await asyncio.wait_for(running, GUARD_SECONDS)).structured_content
                assert report is not None and report["state"] == "done"
                assert [one["state"] for one in report["approvals"]] == ["rejected"]
            await model.requested(2)
            assert (project / "pay.py").read_text() == after


@pytest.mark.req("CARD-5", "CARD-6", "SAFE-2", "INDEX-7")
async def test_an_assistant_that_cannot_ask_gets_its_answer_from_the_editor(
    project: Path, tmp_path: Path
) -> None:
    with scripted_model(list(RULES)) as model:
        configure(model)
        async with (
            editor(project, "Editor") as person,
            mcp_started(project, "auto", tmp_path / "errors") as assistant,
        ):
            other = project / "other.py"
            opened = {"uri": other.as_uri(), "languageId": "python", "version": 1, "text": "unsaved = 1\n"}
            other.write_text("saved = 1\n")
            await person.client.notify("textDocument/didOpen", {"textDocument": opened})
            await person.client.command("codelab.status", {"show": False})
            read = (await assistant.call_tool("read_range", {"path": "other.py"})).structured_content
            assert read is not None
            assert (read["text"], read["unsaved"]) == ("unsaved = 1", True)

            waiting = (await assistant.call_tool("run", {"task": "check the amount"})).structured_content
            assert waiting is not None and waiting["state"] == "waiting for approval"
            going_on = asyncio.create_task(assistant.call_tool("continue_run", {"run": waiting["run"]}))
            await person.question()
            person.choice.set_result("Apply")
            report = (await asyncio.wait_for(going_on, GUARD_SECONDS)).structured_content
    assert report is not None and report["state"] == "done"
    assert (project / "pay.py").read_text() == AFTER
