"""Pushing: only on the person's own words, to the address and with the commits that they saw."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from codelab.core.events import RunState, StateChanged
from codelab.workbench.types import Mode, Verdict
from tests.support.bench import Person, bench_on, configure
from tests.support.git_server import PASSWORD, USER
from tests.support.git_shop import Shop, call_tool, make_hostile, shop, their_ssh
from tests.support.model_server import When, scripted_model
from tests.workbench.test_commands import AS_ROOT
from tests.workbench.test_committing import git

__all__ = ["shop"]

pytestmark = pytest.mark.slow

YES, NO = Verdict.APPROVED, Verdict.REJECTED


@pytest.mark.req("TOOL-2", "SAFE-1", "SAFE-2")
async def test_what_is_pushed_is_what_the_person_saw(shop: Shop) -> None:
    shop.commit("b.txt", "Second \u202e thoughts")
    new = shop.commit("c.txt", "Third")
    old = git(shop.remote, "rev-parse", "main")
    _, told, person = await call_tool(shop.root, "git_push", YES, task="push it, please")
    assert git(shop.remote, "rev-parse", "main") == new, told
    assert git(shop.root, "rev-parse", "origin/main") == new
    assert git(shop.root, "status", "--short", "--branch") == "## main...origin/main"
    (shown,) = person.shown
    assert shown.risk == "critical"
    for line in (f"to: {shop.server.url()}", "2 commits, the newest first:", "Third", "cannot be undone"):
        assert line in shown.detail
    assert f"from {old[:12]} to {new[:12]}" in shown.detail
    assert "Second <U+202E> thoughts" in shown.detail
    assert not shown.rule


@pytest.mark.req("TOOL-2", "SAFE-1", "SAFE-9")
@pytest.mark.parametrize(
    ("task", "act", "told"),
    [
        ("go", {}, "git_push is there only where the person's own task"),
        (
            "push it",
            {"typed": False},
            "git_push is there only where the person's own task",
        ),
        ("push it", {"mode": Mode.PLAN}, "only plans"),
    ],
)
async def test_nothing_is_pushed_that_the_person_did_not_ask_for_themselves(
    shop: Shop, task: str, act: dict[str, Any], told: str
) -> None:
    shop.commit("b.txt", "Second")
    _, answer, person = await call_tool(shop.root, "git_push", YES, task=task, **act)
    assert told in answer
    assert person.shown == []
    assert shop.server.requests == []


@pytest.mark.req("TOOL-2", "SAFE-1", "SAFE-2", "SAFE-4")
@pytest.mark.parametrize(
    "rule", ["", 'commands = ["git push"]', 'hosts = ["127.0.0.1"]', 'tools = ["git_*"]']
)
async def test_no_mode_and_no_rule_pushes_without_a_question_and_a_rule_can_forbid_it(
    shop: Shop, codelab_home: Path, rule: str
) -> None:
    shop.commit("b.txt", "Second")
    allows = '[[rule]]\nname = "a"\neffect = "allow"\ncommands = ["git push"]\nhosts = ["127.0.0.1"]\n'
    denies = f'[[rule]]\nname = "no pushes"\neffect = "deny"\n{rule}\n' if rule else ""
    policy = codelab_home / "config/policy.toml"
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text(allows + denies)
    _, told, person = await call_tool(shop.root, "git_push", NO, task="push it", mode=Mode.ALLOW_EDITS)
    assert ("no pushes" in told) is bool(rule)
    assert len(person.shown) == (0 if rule else 1)
    assert shop.server.requests == []


@pytest.mark.req("TOOL-2", "SAFE-2")
async def test_nothing_is_pushed_where_nobody_can_be_asked(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    script = [When("push it", role="user").call("git_push", {}), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(shop.root) as bench:
            await (await bench.act("push it")).result()
    assert "was not approved" in model.requests[-1].body["messages"][-1]["content"]
    assert shop.server.requests == []


@pytest.mark.req("TOOL-2", "SAFE-9")
async def test_a_session_that_has_read_a_file_of_a_workspace_that_is_not_trusted_reaches_no_host(
    shop: Shop,
) -> None:
    shop.commit("b.txt", "Second")
    script = [
        When("push it", role="user").call("read_file", {"path": "a.txt"}),
        When("one", role="tool").call("git_push", {}),
        When(role="tool").say("Done."),
    ]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(shop.root) as bench:
            person = Person(bench, YES)
            bench.attach(prompter=person)
            await (await bench.act("push it")).result()
    assert "untrusted text (a.txt) and private data" in model.requests[-1].body["messages"][-1]["content"]
    assert person.shown == []
    assert shop.server.requests == []


def _nothing_new(shop: Shop) -> None:
    """Leave all as it is."""


def _gone_on(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    shop.other_commits("o.txt", "o\n", "Other")


def _known_to_have_gone_on(shop: Shop) -> None:
    _gone_on(shop)
    git(shop.root, "fetch", "-q")


def _detached(shop: Shop) -> None:
    git(shop.root, "checkout", "-q", "--detach")


def _no_remote(shop: Shop) -> None:
    git(shop.root, "remote", "remove", "origin")


def _no_repository_there(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    git(shop.root, "remote", "set-url", "origin", shop.server.url("gone.git"))


def _no_network(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    git(shop.root, "remote", "set-url", "origin", "https://127.0.0.1:9/shop.git")


def _no_host_by_ssh(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    git(shop.root, "remote", "set-url", "origin", "ssh://git@127.0.0.1:9/shop.git")


def _locked(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    shop.server.locked = True


def _unknown_certificate(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    shop.config.write_text("")


def _redirected(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    shop.server.redirect = "https://127.0.0.1:9"


def _refused_there(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    hook = shop.remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho not on a Friday >&2\nexit 1\n")
    hook.chmod(0o755)


def _password(shop: Shop) -> None:
    git(shop.root, "remote", "set-url", "origin", "https://me:hunter22@127.0.0.1/shop.git")


@pytest.mark.req("TOOL-2")
@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (_nothing_new, "Nothing is to be pushed"),
        (_gone_on, "The remote has commits that this repository does not know"),
        (_known_to_have_gone_on, "Pushing would take them away"),
        (_detached, "No branch is checked out"),
        (_no_remote, "The repository has no remote"),
        (_no_repository_there, "The remote has no such repository"),
        (_no_network, "The host cannot be reached"),
        (_no_host_by_ssh, "The host cannot be reached"),
        (_locked, "did not accept the person's credentials"),
        (_unknown_certificate, "certificate was not accepted"),
        (_redirected, "sends git to another address"),
        (_refused_there, "The remote refused the push"),
        (_password, "holds a password"),
    ],
)
async def test_a_push_that_fails_says_why_and_what_to_do_and_changes_nothing(
    shop: Shop, prepare: Any, told: str
) -> None:
    prepare(shop)
    there, here = git(shop.remote, "for-each-ref"), git(shop.root, "for-each-ref")
    result, answer, _ = await call_tool(shop.root, "git_push", YES, task="push it")
    assert told in answer
    assert result.state is RunState.DONE
    assert (git(shop.remote, "for-each-ref"), git(shop.root, "for-each-ref")) == (there, here)


@pytest.mark.req("TOOL-2", "SAFE-7")
async def test_the_persons_own_credential_helper_is_asked_after_their_yes_and_told_how_it_went(
    shop: Shop, tmp_path: Path
) -> None:
    new = shop.commit("b.txt", "Second")
    shop.server.locked = True
    log = tmp_path / "asked"
    answer = f"echo username={USER}; echo password={PASSWORD}"
    with shop.config.open("a") as config:
        config.write(f'[credential]\n\thelper = "!f() {{ echo $1 >> {log}; {answer}; }}; f"\n')
    await call_tool(shop.root, "git_push", NO, task="push it")
    assert not log.exists()
    _, told, person = await call_tool(shop.root, "git_push", YES, task="push it")
    assert git(shop.remote, "rev-parse", "main") == new, told
    assert log.read_text().split() == ["get", "store"]
    assert PASSWORD not in told + person.shown[0].detail


@pytest.mark.req("TOOL-2", "SAFE-6", "SAFE-9")
async def test_nothing_that_the_repository_names_is_run_or_obeyed_by_a_push(
    shop: Shop, tmp_path: Path
) -> None:
    new = shop.commit("b.txt", "Second")
    git(shop.root, "tag", "-am", "tagged", "v1")
    executed = make_hostile(shop, tmp_path)
    _, told, person = await call_tool(shop.root, "git_push", YES, task="push it")
    assert git(shop.remote, "rev-parse", "main") == new, told
    assert f"to: {shop.server.url()}" in person.shown[0].detail
    assert git(shop.remote, "tag") == ""
    assert not executed.exists()


CONTROLS = {
    "an address": '[url "{evil}"]\n\tpushInsteadOf = https://\n[protocol]\n\tallow = always\n',
    "a folder of hooks": "[core]\n\thooksPath = {hooks}\n",
    "a credential helper": '[credential]\n\thelper = "!{touch}"\n',
}


@pytest.mark.req("TOOL-2", "SAFE-6")
@pytest.mark.parametrize("lines", CONTROLS.values(), ids=CONTROLS)
def test_a_plain_git_push_runs_what_such_a_repository_names(shop: Shop, tmp_path: Path, lines: str) -> None:
    shop.commit("b.txt", "Second")
    shop.server.locked = "helper" in lines
    executed = make_hostile(shop, tmp_path, lines)
    if "hooksPath" not in lines:
        (shop.root / ".git/hooks/pre-push").unlink()
    subprocess.run(["git", "push", "-q"], cwd=shop.root, capture_output=True, timeout=60, check=False)
    assert executed.exists()


@pytest.mark.req("TOOL-2", "SAFE-6")
@pytest.mark.parametrize(
    "url",
    ["ext::sh -c touch% /tmp/x", "file:///etc", "/srv/repository", "http://127.0.0.1/x", "-uevil:x", "fd::3"],
)
async def test_git_is_given_no_address_that_runs_or_reads_something(shop: Shop, url: str) -> None:
    shop.commit("b.txt", "Second")
    git(shop.root, "config", "remote.origin.url", url)
    _, told, person = await call_tool(shop.root, "git_push", YES, task="push it")
    assert "CodeLab lets git reach no address like" in told
    assert person.shown == []


@pytest.mark.req("TOOL-2", "SAFE-6")
async def test_over_ssh_the_persons_own_command_is_used_and_nothing_outside_can_be_written(
    shop: Shop, tmp_path: Path
) -> None:
    shop.commit("b.txt", "Second")
    their_ssh(shop, tmp_path)
    make_hostile(shop, tmp_path, "[core]\n\tsshCommand = {touch}\n")
    there = git(shop.remote, "for-each-ref")
    _, told, person = await call_tool(shop.root, "git_push", YES, task="push it")
    assert f"to: git@example.invalid:{shop.remote}" in person.shown[0].detail
    assert "their ssh: -o BatchMode=yes -o StrictHostKeyChecking=yes" in told
    assert "unable to create temporary object directory" in told  # the server of this test runs in there, too
    assert git(shop.remote, "for-each-ref") == there
    assert not (tmp_path / "executed").exists()


@pytest.mark.req("TOOL-2", "SAFE-2")
async def test_a_push_whose_commit_list_is_out_of_date_is_not_carried_out(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    there = shop.other_commits("o.txt", "o\n", "Other")
    git(shop.root, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    _, told, _ = await call_tool(shop.root, "git_push", YES, task="push it")
    assert "nothing was pushed" in told
    assert git(shop.remote, "rev-parse", "main") == there


@pytest.mark.req("TOOL-2", "SAFE-8")
async def test_a_push_that_is_cancelled_ends_and_leaves_no_process(shop: Shop) -> None:
    shop.commit("b.txt", "Second")
    hook = shop.remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\ntouch begun\nexec sleep 2\n")
    hook.chmod(0o755)
    script = [When("push it", role="user").call("git_push", {}), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(shop.root) as bench:
            bench.attach(prompter=Person(bench, YES))
            handle = await bench.act("push it")
            async for event in handle.events():
                if isinstance(event, StateChanged) and event.state is RunState.EXECUTING:
                    break
            await bench.stop()
            result = await handle.result()
    assert result.state is RunState.CANCELLED


@pytest.mark.req("TOOL-2", "SAFE-2", "SAFE-8")
async def test_a_run_that_is_taken_up_again_keeps_what_was_asked_for_and_asks_afresh(shop: Shop) -> None:
    new = shop.commit("b.txt", "Second")
    script = [When("push it", role="user").call("git_push", {}), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(shop.root) as bench:
            person = Person(bench, None)
            bench.attach(prompter=person)
            run = (await bench.act("push it")).run
            await person.asked.wait()
        assert shop.server.requests == []
        async with bench_on(shop.root) as bench:
            bench.attach(prompter=Person(bench, YES))
            result = await (await bench.resume(run)).result()
    assert result.answer.startswith("Done.")
    assert git(shop.remote, "rev-parse", "main") == new
