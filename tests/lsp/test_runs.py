"""Runs through the language server: the real workbench, a scripted model, an editor of bytes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from codelab.cli.compose import open_workbench
from codelab.workbench.types import FaceInfo, Verdict
from tests.support.lsp_client import FULL, Json, NoAnswer, RawClient, ServerAnsweredWithError, connected
from tests.support.lsp_client_editor import Editor
from tests.support.model_server import ScriptedModel, When, scripted_model
from tests.support.slow_reading import half_read

pytestmark = pytest.mark.slow

PAYMENTS = """\
# codelab: raise ValueError when the amount is negative
def pay(amount):
    return amount
"""
ASKED = "# codelab: raise ValueError when the amount is negative\ndef pay(amount):\n"
DONE = 'def pay(amount):\n    if amount < 0:\n        raise ValueError("negative")\n'
PAID = PAYMENTS.replace(ASKED, DONE)
QUESTION = """\
CodeLab (coder) wants to change payments.py (+2 -1)

asked after reading untrusted text: payments.py

--- a/payments.py
+++ b/payments.py
@@ -1,3 +1,4 @@
-# codelab: raise ValueError when the amount is negative
 def pay(amount):
+    if amount < 0:
+        raise ValueError("negative")
     return amount

Risk: medium (43 of 100): changes a file, the session has read text of others, 3 lines, can be undone
Trust: none yet, these are the first edits of coder"""
DO, EXPLAIN = "Do what this comment asks", "Explain with CodeLab"


def edit(old: str, new: str, role: str = "user") -> When:
    arguments = {"path": "payments.py", "replacements": [{"old": old, "new": new}]}
    return When(role=role, times=1).call("edit_file", arguments)


EDIT = edit(ASKED, DONE)
FINISH = When(role="tool").say("Negative amounts are refused now.\n\nMore about it.")


def text_of(uri: str) -> str:
    return Path(uri.removeprefix("file://")).read_text()


@dataclass(frozen=True)
class Scene:
    """What a test has before it."""

    client: RawClient
    editor: Editor
    model: ScriptedModel
    root: Path

    @property
    def file(self) -> Path:
        return self.editor.file


@asynccontextmanager
async def opened(
    home: Path,
    root: Path,
    *rules: When,
    text: str = PAYMENTS,
    capabilities: Json | None = None,
    name: str = "Test editor",
    settings: str = "",
) -> AsyncIterator[Scene]:
    """Open a workspace with one file in an editor, with a model if there are rules for one."""
    file = root / "payments.py"
    if not file.exists():
        file.write_bytes(text.encode())
    with scripted_model(list(rules)) as model:
        if rules:
            (home / "config").mkdir(exist_ok=True)
            (home / "config" / "config.toml").write_text(
                f'[models]\nendpoint = "{model.base_url}"\nchat = "scripted"\n{settings}'
            )
        async with connected(open_workbench) as client:
            await client.initialize(root, capabilities, name=name)
            editor = Editor(client, file)
            await editor.open()
            yield Scene(client, editor, model, root)


@pytest.mark.req("CARD-3", "CARD-5", "SAFE-2", "SAFE-8")
async def test_a_comment_is_done_after_the_person_said_yes_and_undone_again(
    codelab_home: Path, tmp_path: Path
) -> None:
    async with opened(codelab_home, tmp_path, EDIT, FINISH) as scene:
        started = await scene.editor.choose_action(1, DO)
        assert set(started) == {"run", "session", "state"}
        prompt = await scene.editor.prompt()
        assert prompt.message == QUESTION
        assert prompt.choices == ["Apply", "Show diff", "Reject"]
        assert scene.editor.text == PAYMENTS
        prompt.answer("Show diff")
        prompt = await scene.editor.prompt()
        shown = scene.client.sent("window/showDocument")[-1]
        diff = text_of(shown["uri"])
        assert "+        raise ValueError" in diff and "-# codelab: raise" in diff
        prompt.answer("Apply")
        message = await scene.client.wait_for_message("refused now")
        assert message == (
            "Negative amounts are refused now. Changed: payments.py (+2 -1); codelab.undo puts it back."
        )
        assert scene.editor.text == PAID
        assert scene.file.read_text() == PAYMENTS  # the buffer is the person's to save
        await scene.editor.save()
        undone = await scene.client.command("codelab.undo")
        assert undone["paths"] == ["payments.py"]
        assert scene.editor.text == PAYMENTS
        applied = scene.client.sent("workspace/applyEdit")[0]
        assert applied["edit"]["documentChanges"][0]["textDocument"]["version"] == 1
        (annotation,) = applied["edit"]["changeAnnotations"].values()
        assert annotation == {"label": "CodeLab (coder)", "needsConfirmation": False}


@pytest.mark.req("CARD-3", "CARD-6", "MODEL-7")
async def test_a_comment_that_asks_a_question_is_answered_with_a_document(
    codelab_home: Path, tmp_path: Path
) -> None:
    rules = (
        When('nothing else: "question", "change"').say("question"),
        When("why is this slow?", role="user").say("It waits for the card.\n\nMore about it."),
    )
    text = PAYMENTS.replace("raise ValueError when the amount is negative", "why is this slow?")
    settings = "classification_votes = 3\n"
    async with opened(codelab_home, tmp_path, *rules, text=text, settings=settings) as scene:
        await scene.editor.choose_action(1, DO)
        shown = await scene.client.wait_for_method("window/showDocument")
        document = text_of(shown["uri"])
        assert document.startswith("# why is this slow?\n\nIt waits for the card.\n\nMore about it.")
        assert "*ask - scripted" in document
        lines = [sent["value"].get("message") for sent in scene.client.sent("$/progress")]
        assert "ask: the fast model took the task for a question (2 of 2 answers)" in lines
        assert scene.editor.text == text and not scene.editor.prompts_waiting


@pytest.mark.req("CARD-5", "SAFE-2")
async def test_a_no_and_a_closed_prompt_change_nothing(codelab_home: Path, tmp_path: Path) -> None:
    rules = (
        EDIT,
        When("rejected this change", role="tool", times=1).say("Then not."),
        EDIT,
        When("no answer", role="tool").say("Not at all."),
    )
    async with opened(codelab_home, tmp_path, *rules) as scene:
        for choice, said in (("Reject", "Then not."), (None, "Not at all.")):
            await scene.editor.choose_action(0, DO)
            (await scene.editor.prompt()).answer(choice)
            assert await scene.client.wait_for_message(said) == f"{said} Nothing was changed."
        assert scene.editor.text == PAYMENTS and not scene.client.sent("workspace/applyEdit")


@pytest.mark.req("CARD-5")
async def test_an_editor_that_does_not_apply_is_told_to_the_person(
    codelab_home: Path, tmp_path: Path
) -> None:
    replies: list[object] = [{"applied": False}, None, {"strange": 1}]
    rules = [rule for _ in replies for rule in (EDIT, replace(FINISH, times=1))]
    async with opened(codelab_home, tmp_path, *rules) as scene:
        for number, reply in enumerate(replies, 1):
            scene.editor.replies.append(reply)
            command = scene.client.command("codelab.run", {"task": "do it", "show": False})
            task = asyncio.create_task(command)
            (await scene.editor.prompt()).answer("Apply")
            message = await scene.client.wait_for_message("Not applied", times=number)
            assert message.startswith("Not applied: The editor did not apply the change to payments.py")
            assert (await task)["changed"] == []
            assert scene.editor.text == PAYMENTS == scene.file.read_text()


@pytest.mark.req("CARD-5", "SAFE-2")
async def test_typing_on_after_the_proposal_refuses_it_and_keeps_the_proposal(
    codelab_home: Path, tmp_path: Path
) -> None:
    async with opened(codelab_home, tmp_path, EDIT, FINISH) as scene:
        await scene.editor.choose_action(0, DO)
        prompt = await scene.editor.prompt()
        typed = PAYMENTS.replace("return amount", "return amount * 2")
        await scene.editor.type_text(typed)
        prompt.answer("Apply")
        message = await scene.client.wait_for_message("Not applied")
        assert message.startswith("Not applied: payments.py changed after this was proposed.")
        assert "the proposal is kept as apr-" in message
        assert scene.editor.text == typed


@pytest.mark.req("SAFE-8")
async def test_undo_keeps_what_was_typed_elsewhere_and_refuses_where_lines_were_changed(
    codelab_home: Path, tmp_path: Path
) -> None:
    async with opened(codelab_home, tmp_path, EDIT, FINISH) as scene:
        await scene.editor.choose_action(0, DO)
        (await scene.editor.prompt()).answer("Apply")
        await scene.client.wait_for_message("refused now")
        typed = PAID.replace('"negative"', '"below zero"')
        await scene.editor.type_text(typed)
        with pytest.raises(ServerAnsweredWithError) as raised:
            await scene.client.command("codelab.undo")
        assert "Its lines were changed since, around line 2" in raised.value.error["message"]
        assert "Traceback" not in json.dumps(raised.value.error)
        assert scene.editor.text == typed
        await scene.editor.type_text(PAID.replace("return amount", "return amount + 0"))
        undone = await scene.client.command("codelab.undo")
        assert "What you typed since was kept" in undone["message"]
        assert scene.editor.text == PAYMENTS.replace("return amount", "return amount + 0")


STRANGE_TEXTS = {
    "surrogate pairs": "x = '😀'; y = 1  # é\n",
    "form feed and line separator": "\x0cx = 1\u2028; y = 1\n",
    "CR LF": "a = 1\r\nx = '😀'; y = 1\r\nb = 2\r\n",
}


@pytest.mark.req("CARD-5")
async def test_an_edit_lands_where_it_belongs_in_any_text(codelab_home: Path, tmp_path: Path) -> None:
    rules = [rule for _ in STRANGE_TEXTS for rule in (edit("y = 1", "y = 22"), replace(FINISH, times=1))]
    async with opened(codelab_home, tmp_path, *rules) as scene:
        for text in STRANGE_TEXTS.values():
            await scene.editor.type_text(text)
            await scene.client.command("codelab.run", {"task": "y", "mode": "allow-edits", "show": False})
            assert scene.editor.text == text.replace("y = 1", "y = 22")
            await scene.client.command("codelab.undo", {"show": False})
            assert scene.editor.text == text


@pytest.mark.req("CARD-3")
async def test_a_run_can_be_cancelled_from_its_progress_and_by_its_request(
    codelab_home: Path, tmp_path: Path
) -> None:
    stall = When(role="user").say("I think ").stall()
    async with opened(codelab_home, tmp_path, stall) as scene:
        scene.client.answers["window/workDoneProgress/create"] = lambda _params: None
        await scene.editor.choose_action(0, DO)

        def begun(message: Json) -> bool:
            value = (
                message.get("params", {}).get("value", {}) if message.get("method") == "$/progress" else {}
            )
            indexing = value.get("title") == "CodeLab: indexing"
            return bool(value.get("kind") == "begin" and value["cancellable"] and not indexing)

        token = (await scene.client.wait_for(begun))["params"]["token"]
        await scene.model.requested(1)
        await scene.client.notify("window/workDoneProgress/cancel", {"token": token})
        assert await scene.client.wait_for_message("Stopped") == "Stopped. Nothing was changed."
        await scene.model.left(1)

        command = {"command": "codelab.run", "arguments": ["do it"]}
        number, future = await scene.client.begin("workspace/executeCommand", command)
        await scene.model.requested(2)
        await scene.client.notify("$/cancelRequest", {"id": number})
        with pytest.raises(ServerAnsweredWithError, match="cancel"):
            await future
        await scene.model.left(2)
        assert (await scene.client.command("codelab.status", False))["runs_active"] == 0


@pytest.mark.req("CARD-3")
async def test_progress_names_the_agent_and_what_it_does(codelab_home: Path, tmp_path: Path) -> None:
    read = When(role="user").call("read_file", {"path": "payments.py"})
    async with opened(codelab_home, tmp_path, read, FINISH) as scene:
        params = {"command": "codelab.run", "arguments": ["look"], "workDoneToken": "mine"}
        await scene.client.request("workspace/executeCommand", params)
        mine = [sent["value"] for sent in scene.client.sent("$/progress") if sent["token"] == "mine"]
        assert mine[0]["kind"] == "begin" and mine[0]["title"] == "CodeLab: look"
        assert "coder: reading payments.py" in [value.get("message") for value in mine]
        assert mine[-1]["kind"] == "end"


@pytest.mark.req("CARD-3", "MODEL-2")
async def test_progress_tells_how_far_a_slow_model_has_read(codelab_home: Path, tmp_path: Path) -> None:
    async with opened(codelab_home, tmp_path, When().raw(half_read("Done."))) as scene:
        params = {"command": "codelab.chat", "arguments": ["look"], "workDoneToken": "mine"}
        result = await scene.client.request("workspace/executeCommand", params)
        assert result["answer"] == "Done."
        mine = [sent["value"] for sent in scene.client.sent("$/progress") if sent["token"] == "mine"]
        assert "ask: the model reads the conversation: 50 % of 8,000 tokens" in [
            value.get("message") for value in mine
        ]


@pytest.mark.req("CARD-3")
async def test_an_answer_without_a_model_is_opened_as_a_document_with_its_sources(
    codelab_home: Path, tmp_path: Path
) -> None:
    async with opened(codelab_home, tmp_path) as scene:
        result = await scene.client.command("codelab.chat", "where is pay defined?")
        assert result["sources"][0]["path"] == "payments.py" and result["agent"] == "ask"
        (shown,) = scene.client.sent("window/showDocument")
        assert shown["uri"] == result["document"]
        text = text_of(shown["uri"])
        assert str(codelab_home) in shown["uri"] and text.startswith("# where is pay defined?\n")
        assert f"({scene.file.as_uri()}#L" in text and "ask - no model - 1 file read - " in text
        with pytest.raises(ServerAnsweredWithError, match="needs a model"):
            await scene.client.command("codelab.run", "do it")


@pytest.mark.req("CARD-6")
async def test_a_client_that_can_do_nothing_still_gets_actions_answers_and_prompts(
    codelab_home: Path, tmp_path: Path
) -> None:
    async with opened(codelab_home, tmp_path, EDIT, FINISH, capabilities={}) as scene:
        commands = await scene.editor.actions(0)
        assert [command["title"] for command in commands] == [DO, EXPLAIN]
        assert commands[0]["command"] == "codelab.run"
        await scene.client.command(commands[0]["command"], *commands[0]["arguments"])
        (await scene.editor.prompt()).answer("Show diff")
        assert "raise ValueError" in await scene.client.wait_for_message("@@")
        (await scene.editor.prompt()).answer("Apply")
        await scene.client.wait_for_message("Not applied: The editor did not apply")
        assert not scene.client.sent("$/progress")


@pytest.mark.req("CARD-6")
async def test_a_client_that_asks_for_codelab_documents_gets_them(codelab_home: Path, tmp_path: Path) -> None:
    capabilities = {**FULL, "workspace": {**FULL["workspace"], "textDocumentContent": {}}}
    async with opened(codelab_home, tmp_path, capabilities=capabilities) as scene:
        result = await scene.client.command("codelab.chat", "where is pay?")
        assert result["document"] == f"codelab:/{result['run']}.md"
        content = await scene.client.request("workspace/textDocumentContent", {"uri": result["document"]})
        assert content["text"].startswith("# where is pay?")
        with pytest.raises(ServerAnsweredWithError, match="no longer kept"):
            await scene.client.request("workspace/textDocumentContent", {"uri": "codelab:/x.md"})


@pytest.mark.req("CARD-5", "SAFE-2")
async def test_the_first_of_two_editors_to_answer_wins_and_the_other_is_told(
    codelab_home: Path, tmp_path: Path
) -> None:
    async with opened(codelab_home, tmp_path, EDIT, FINISH, name="First") as first:
        other = await open_workbench(tmp_path, FaceInfo("lsp", "Second", can_prompt=True))
        try:
            await first.editor.choose_action(0, DO)
            prompt = await first.editor.prompt()
            (pending,) = await other.approvals()
            await other.decide(pending.id, Verdict.APPROVED)
            withdrawn = await first.client.wait_for_method("$/cancelRequest")
            asked = await first.client.wait_for(lambda m: m.get("method") == "window/showMessageRequest")
            assert withdrawn["id"] == asked["id"]
            told = await first.client.wait_for_message("approved by")
            assert told == "payments.py: approved by Second (lsp)."
            prompt.answer("Reject")  # too late: it is not even heard
            await first.client.wait_for_message("refused now")
            assert first.editor.text == PAID
        finally:
            await other.close()


@pytest.mark.req("CARD-5")
async def test_another_faces_run_is_asked_with_the_name_of_who_asks(
    codelab_home: Path, tmp_path: Path
) -> None:
    async with opened(codelab_home, tmp_path, EDIT, FINISH) as scene:
        await scene.client.command("codelab.status", {"show": False})
        other = await open_workbench(tmp_path, FaceInfo("mcp", "claude-code", can_prompt=False))
        try:
            handle = await other.act("do it")
            prompt = await scene.editor.prompt()
            assert prompt.message.startswith(f'"claude-code", session {handle.session} asks: CodeLab (coder)')
            prompt.answer("Reject")
            assert (await handle.result()).changed == ()
        finally:
            await other.close()


@pytest.mark.req("CARD-3")
@pytest.mark.slow
async def test_an_interrupted_run_is_offered_at_the_next_start(codelab_home: Path, tmp_path: Path) -> None:
    stall = When(role="user", times=1).say("I think ").stall()
    async with opened(codelab_home, tmp_path, stall) as scene:
        await scene.editor.choose_action(0, DO)
        await scene.model.requested(1)
    async with opened(codelab_home, tmp_path, When(role="user").say("Done after all.")) as scene:
        prompt = await scene.editor.prompt()
        assert prompt.message.startswith('A run is waiting: "raise ValueError when the amount is negative')
        assert prompt.choices == ["Continue", "Later", "End it"]
        prompt.answer("Continue")
        await scene.client.wait_for_message("Done after all.")


@pytest.mark.req("INDEX-7")
async def test_unsaved_text_is_found_as_the_editor_shows_it(codelab_home: Path, tmp_path: Path) -> None:
    async with opened(codelab_home, tmp_path) as scene:
        await scene.editor.type_text("def zebra_crossing():\n    pass\n")
        hits = await scene.client.command("codelab.search", {"query": "zebra crossing", "show": False})
        assert "zebra_crossing" in hits[0]["text"]


@pytest.mark.req("CARD-3")
@pytest.mark.parametrize(
    ("command", "arguments", "problem"),
    [
        ("codelab.chat", [], "needs 'question'"),
        ("codelab.chat", [3], "wants text for 'question'"),
        ("codelab.chat", [{"question": "x", "colour": "red"}], "has no argument 'colour'"),
        ("codelab.chat", [" "], "needs a question"),
        ("codelab.chat", [{"question": "x", "path": "file:///elsewhere/a.py"}], "not in the workspace"),
        ("codelab.run", [{"task": "x", "mode": "always"}], "knows `mode` as ask, plan, allow-edits"),
        ("codelab.run", [{"task": "x", "wait": "no"}], "wants true or false for 'wait'"),
        ("codelab.search", ["x", 0], "limit from 1"),
        ("codelab.search", ["x", True], "wants a whole number for 'limit'"),
        ("codelab.stop", ["a", False, 3], "takes at most 2 arguments"),
        ("codelab.dance", [], "There is no command"),
    ],
)
async def test_bad_arguments_are_refused_with_the_reason(
    tmp_path: Path, command: str, arguments: list[object], problem: str
) -> None:
    async with connected(open_workbench) as client:
        await client.initialize(tmp_path, ready=False)
        with pytest.raises(ServerAnsweredWithError, match=problem) as raised:
            await client.command(command, *arguments)
        assert raised.value.error["code"] == -32602


@pytest.mark.req("CARD-3")
async def test_a_client_that_never_answers_a_progress_does_not_hold_up_the_run(
    codelab_home: Path, tmp_path: Path
) -> None:
    def leave(_params: object) -> None:
        raise NoAnswer

    async with opened(codelab_home, tmp_path, When(role="user").say("Done.")) as scene:
        scene.client.answers["window/workDoneProgress/create"] = leave
        result = await scene.client.command("codelab.run", {"task": "x", "show": False})
        assert result["answer"] == "Done."


@pytest.mark.req("CARD-5", "SAFE-2")
async def test_a_client_that_shows_approvals_itself_edits_later_and_approves(
    codelab_home: Path, tmp_path: Path
) -> None:
    capabilities = {**FULL, "experimental": {"codelab": {"approval": True}}}
    async with opened(codelab_home, tmp_path, EDIT, FINISH, capabilities=capabilities) as scene:
        asked: asyncio.Queue[Json] = asyncio.Queue()
        answers: list[Json] = [{"answer": "later"}, {"answer": "approve"}]

        def show(params: Json) -> Json:
            asked.put_nowait(params)
            return answers.pop(0)

        scene.client.answers["codelab/approval"] = show
        await scene.editor.choose_action(0, DO)
        first = await asyncio.wait_for(asked.get(), 60)
        assert (first["path"], first["before"], first["after"]) == ("payments.py", PAYMENTS, PAID)
        assert first["editable"] == PAID and "Risk: " in first["remarks"] and first["rule"] == ""
        edited = PAID.replace("negative", "below zero")
        answer = {"approval": first["id"], "answer": "edit", "text": edited}
        counted = False
        while not counted:  # the answer `later` may still be on its way
            counted = (await scene.client.command("codelab.answer", answer))["counted"]
        second = await asyncio.wait_for(asked.get(), 60)
        assert second["editable"] == edited and "as you edited it" in second["remarks"]
        await scene.client.wait_for_message("refused now")
        assert scene.editor.text == edited


@pytest.mark.req("CARD-5", "SAFE-2")
@pytest.mark.parametrize(
    "answer", [None, {}, {"answer": "yes"}, {"answer": "reject", "reason": 3}, "approve"]
)
async def test_an_answer_of_the_extension_that_makes_no_sense_is_a_no(
    codelab_home: Path, tmp_path: Path, answer: object
) -> None:
    capabilities = {**FULL, "experimental": {"codelab": {"approval": True}}}
    no = When("no answer", role="tool").say("Not at all.")
    async with opened(codelab_home, tmp_path, EDIT, no, capabilities=capabilities) as scene:
        scene.client.answers["codelab/approval"] = lambda _params: answer
        await scene.editor.choose_action(0, DO)
        await scene.client.wait_for_message("Not at all.")
        assert scene.editor.text == PAYMENTS


@pytest.mark.req("CARD-5", "SAFE-2")
async def test_a_long_diff_is_left_out_as_a_whole_said_so_and_one_step_away(
    codelab_home: Path, tmp_path: Path
) -> None:
    long = edit(ASKED, "".join(f"# line {number}\n" for number in range(50)))
    async with opened(codelab_home, tmp_path, long, When(role="tool").say("Then not.")) as scene:
        await scene.editor.choose_action(0, DO)
        prompt = await scene.editor.prompt()
        assert 'lines, too long to stand here: "Show diff" opens all of it.' in prompt.message
        assert "# line 1" not in prompt.message
        prompt.answer("Show diff")
        again = await scene.editor.prompt()
        shown = text_of(scene.client.sent("window/showDocument")[-1]["uri"])
        assert all(f"+# line {number}\n" in shown for number in range(50))
        again.answer("Reject")
        await scene.client.wait_for_message("Then not.")
