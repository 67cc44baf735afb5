"""Indexing as an editor shows it: progress that can be cancelled, which pauses it."""

from pathlib import Path

import pytest

from codelab.cli.compose import open_workbench
from tests.support.lsp_client import RawClient, ServerAnsweredWithError, connected

pytestmark = pytest.mark.slow


def write_many(root: Path, files: int) -> None:
    """Write so many files that indexing them takes a moment."""
    for number in range(files):
        (root / f"m{number}.py").write_text(f"def name_{number}():\n    return {number}\n")


async def progress_value(client: RawClient, kind: str) -> dict[str, object]:
    """Wait for the beginning or the end of a progress and return it with its token."""
    found = await client.wait_for(
        lambda m: m.get("method") == "$/progress" and m["params"]["value"]["kind"] == kind
    )
    return {"token": found["params"]["token"], **found["params"]["value"]}


@pytest.mark.req("INDEX-1", "CARD-4", "CARD-6")
async def test_cancelling_the_progress_of_indexing_pauses_it_until_it_is_resumed(tmp_path: Path) -> None:
    write_many(tmp_path, 1200)
    async with connected(open_workbench) as client:
        await client.initialize(tmp_path)
        begun = await progress_value(client, "begin")
        assert (begun["title"], begun["cancellable"]) == ("CodeLab: indexing", True)
        await client.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
        assert (await progress_value(client, "end"))["message"] == "paused"
        assert "Indexing is paused" in await client.wait_for_message("paused")
        status = await client.command("codelab.index", {"show": False})
        assert status["state"] == "paused"
        assert status["files"] < 1200
        told = await client.command("codelab.status", {"show": False})
        assert told["index_state"] == "paused"
        await client.command("codelab.index", {"action": "resume"})
        hits = await client.command("codelab.search", {"query": "name_1199", "show": False})
        assert isinstance(hits, list)
        assert await client.wait_for(
            lambda m: m.get("method") == "$/progress" and m["params"]["value"].get("message") == "1,200 files"
        )
        hits = await client.command("codelab.search", {"query": "name_1199", "show": False})
        assert hits[0]["path"] == "m1199.py"


@pytest.mark.req("CARD-6")
async def test_an_unknown_action_on_the_index_is_refused_in_words(tmp_path: Path) -> None:
    async with connected(open_workbench) as client:
        await client.initialize(tmp_path)
        with pytest.raises(ServerAnsweredWithError, match="only status, pause, resume"):
            await client.command("codelab.index", "stop")


@pytest.mark.req("CARD-1", "CARD-6")
async def test_of_several_folders_the_first_is_served_and_the_person_is_told(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    async with connected(open_workbench) as client:
        await client.initialize(first, folders=[first, second])
        told = await client.wait_for_message("works in")
        assert told.startswith("CodeLab works in first alone, and not in second.")


@pytest.mark.req("CARD-1")
async def test_one_folder_is_served_without_a_word(tmp_path: Path) -> None:
    async with connected(open_workbench) as client:
        await client.initialize(tmp_path, folders=[tmp_path])
        await client.command("codelab.index", {"show": False})
        assert client.sent("window/showMessage") == []
