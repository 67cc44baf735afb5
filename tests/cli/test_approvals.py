"""``codelab approvals``: edit in $EDITOR, standing rules, figures."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from codelab.workbench.handle import RunHandle
from tests.support.bench import PAYMENTS, Person, bench_on, configure, write_files
from tests.support.command_line import codelab
from tests.support.model_server import scripted_model
from tests.workbench.test_changes import CHANGED, CODER

pytestmark = [pytest.mark.slow, pytest.mark.req("SAFE-2", "SAFE-3", "CARD-6")]


def editor(old: str, new: str) -> str:
    """Return an editor that replaces some text in what it opens."""
    code = f"import sys; p = sys.argv[1]; t = open(p).read(); open(p, 'w').write(t.replace({old!r}, {new!r}))"
    return f'{sys.executable} -c "{code}"'


@asynccontextmanager
async def waiting(root: Path) -> AsyncIterator[tuple[RunHandle, str]]:
    """A run that waits for a person; yields it and the approval's id."""
    write_files(root, {"payments.py": PAYMENTS})
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root) as bench:
            person = Person(bench, None, None)
            bench.attach(prompter=person)
            handle = await bench.act("check the amount")
            await person.asked.wait()
            yield handle, person.shown[0].id


async def test_an_edit_in_the_persons_editor_is_put_before_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", editor("check(amount)", "verify(amount)"))
    monkeypatch.delenv("VISUAL", raising=False)
    root = tmp_path / "shop"
    async with waiting(root) as (handle, approval):
        edited = await asyncio.to_thread(codelab, "approvals", "edit", approval, "--root", root, "--json")
        assert edited.code == 0, edited.err
        assert "+    verify(amount)" in edited.data["detail"]
        assert edited.data["note"] == "This is the change as you edited it."
        assert (root / "payments.py").read_text() == PAYMENTS, "an edit is not yet a yes"
        yes = await asyncio.to_thread(codelab, "approvals", "approve", edited.data["id"], "--root", root)
        assert yes.code == 0, yes.err
        await handle.result()
    assert (root / "payments.py").read_text() == CHANGED.replace("check(amount)", "verify(amount)")
    stats = await asyncio.to_thread(codelab, "approvals", "stats", "--root", root, "--json")
    assert (stats.data["prompts"], stats.data["edited"], stats.data["approved"]) == (2, 1, 1)


async def test_an_editor_that_changes_nothing_or_fails_answers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "shop"
    async with waiting(root) as (_, approval):
        for command, told in ((editor("no such", "x"), "changed nothing"), ("false", "ended with status 1")):
            monkeypatch.setenv("VISUAL", command)
            result = await asyncio.to_thread(codelab, "approvals", "edit", approval, "--root", root)
            assert result.code != 0 and told in result.err
        listed = await asyncio.to_thread(codelab, "approvals", "--root", root, "--json")
        assert [one["state"] for one in listed.data] == ["pending"]


async def test_rules_are_listed_and_removed(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    none = await asyncio.to_thread(codelab, "approvals", "rules", "--root", root)
    assert "no standing rules" in none.err
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root, client="command line") as bench:
            person = Person(bench, None)
            bench.attach(prompter=person)
            handle = await bench.act("check the amount")
            await person.asked.wait()
            shown = person.shown[0].id
            yes = await asyncio.to_thread(codelab, "approvals", "approve", shown, "--always", "--root", root)
            assert yes.code == 0, yes.err
            await handle.result()
    (rule,) = (await asyncio.to_thread(codelab, "approvals", "rules", "--root", root, "--json")).data
    assert (rule["words"], rule["uses"]) == ("changes of payments.py", 0)
    assert rule["client"] == "command line (cli)"
    removed = await asyncio.to_thread(codelab, "approvals", "rules", "remove", rule["id"], "--root", root)
    assert removed.code == 0 and "asked again" in removed.out
    assert (await asyncio.to_thread(codelab, "approvals", "rules", "--root", root, "--json")).data == []
