"""CodeLab in a real Neovim: what a person sees, with the plugin and without it."""

import os
from pathlib import Path

import pytest

from tests.support.model_server import When, scripted_model
from tests.support.neovim import play

pytestmark = pytest.mark.slow

PAYMENTS = """\
# codelab: raise ValueError when the amount is negative
def pay(amount):
    return amount
"""
ASKED = "# codelab: raise ValueError when the amount is negative\ndef pay(amount):\n"
DONE = 'def pay(amount):\n    if amount < 0:\n        raise ValueError("negative")\n'
PAID = PAYMENTS.replace(ASKED, DONE)
TITLE = "CodeLab (coder) wants to change payments.py (+2 -1)"
DIFF = """\
asked after reading untrusted text: payments.py

--- a/payments.py
+++ b/payments.py
@@ -1,3 +1,4 @@
-# codelab: raise ValueError when the amount is negative
 def pay(amount):
+    if amount < 0:
+        raise ValueError("negative")
     return amount"""
REMARKS = """\
Risk: medium (43 of 100): changes a file, the session has read text of others, 3 lines, can be undone
Trust: none yet, these are the first edits of coder"""
QUESTION = f"{TITLE}\n\n{DIFF}\n\n{REMARKS}"
EDIT = When(role="user", times=1).call(
    "edit_file", {"path": "payments.py", "replacements": [{"old": ASKED, "new": DONE}]}
)
FINISH = When(role="tool").say("Negative amounts are refused now.")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    file = tmp_path / "payments.py"
    file.write_text(PAYMENTS)
    return file


def use_model(base_url: str, more: str = "") -> None:
    config = Path(os.environ["CODELAB_HOME"]) / "config"
    config.mkdir()
    (config / "config.toml").write_text(f'[models]\nendpoint = "{base_url}"\nchat = "scripted"\n{more}')


@pytest.mark.req("CARD-3", "CARD-5", "CARD-6", "SAFE-8")
def test_an_edit_is_asked_for_shown_applied_and_undone_to_the_byte(file: Path) -> None:
    with scripted_model([EDIT, FINISH]) as model:
        use_model(model.base_url)
        played = play("approve", file)
    assert played["offered"] == ["Do what this comment asks", "Explain with CodeLab"]
    looked, edited, applied = played["prompts"]
    assert looked == edited and looked["message"] == "Make this change?"
    assert looked["choices"] == ["Apply", "Edit", "Look first", "Reject"]
    assert looked["shown"].split("\n\n", 1)[1] == DIFF
    assert looked["shown"].startswith(f"{TITLE}\nRisk: medium") and REMARKS in looked["shown"]
    assert "This is the change as you edited it." in applied["shown"]
    assert '+        raise ValueError("below zero")' in applied["shown"]
    assert played["applied"] == PAID.replace("negative", "below zero") and played["windows"] == 1
    assert played["one step back"] == PAYMENTS
    assert played["undone"] == PAYMENTS
    assert file.read_bytes() == PAYMENTS.encode()


@pytest.mark.req("CARD-5", "CARD-6", "SAFE-2")
def test_a_rejected_edit_and_a_closed_prompt_change_nothing(file: Path) -> None:
    rules = [
        EDIT,
        When("rejected this change: use a decorator", role="tool", times=1).say("Then not."),
        EDIT,
        When("no answer", role="tool").say("Not at all."),
    ]
    with scripted_model(rules) as model:
        use_model(model.base_url)
        played = play("reject", file)
    assert len(played["prompts"]) == 2
    assert played["text"] == PAYMENTS and played["modified"] is False
    assert file.read_bytes() == PAYMENTS.encode()


@pytest.mark.req("CARD-3", "CARD-6")
def test_a_cancel_in_the_middle_leaves_nothing_half_done(file: Path) -> None:
    with scripted_model([When(role="user").say("I shall ").stall()]) as model:
        use_model(model.base_url)
        played = play("cancel", file)
    assert "Stopped. Nothing was changed." in played["messages"]
    assert played["text"] == PAYMENTS and not played["prompts"]
    assert "runs: none" in played["status"]
    assert file.read_bytes() == PAYMENTS.encode()


@pytest.mark.req("CARD-3", "CARD-6", "MODEL-7")
def test_a_comment_that_asks_a_question_is_answered_beside_the_file(file: Path) -> None:
    asked = PAYMENTS.replace("raise ValueError when the amount is negative", "why is nothing added?")
    file.write_text(asked)
    rules = [
        When('nothing else: "question", "change"').say("question"),
        When("why is nothing added?", role="user").say("It adds nothing."),
    ]
    with scripted_model(rules) as model:
        use_model(model.base_url, "classification_votes = 1\n")
        played = play("question", file)
    assert played["answer"].startswith("# why is nothing added?\n\nIt adds nothing.")
    assert played["windows"] == 2 and not played["prompts"]
    assert file.read_text() == asked


@pytest.mark.req("CARD-1", "CARD-3", "CARD-6")
def test_neovims_own_client_works_without_the_plugin(file: Path) -> None:
    explain = When("Explain payments.py:1", role="user").say("It pays.")
    with scripted_model([explain, EDIT, FINISH]) as model:
        use_model(model.base_url)
        played = play("bare", file, plugin=False)
    assert [prompt["message"] for prompt in played["prompts"]] == [QUESTION]
    assert played["applied"] == PAID
    assert "It pays." in played["answer"]
