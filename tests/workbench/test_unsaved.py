"""Unsaved text of one face, as every other face of the workspace finds it."""

import asyncio
from pathlib import Path

import pytest

from tests.support.bench import bench_on, write_files
from tests.support.command_line import codelab_process
from tests.support.mcp_client import connected

pytestmark = pytest.mark.slow

SAVED = "def saved_name():\n    pass\n"
UNSAVED = "def unsaved_name():\n    return 'halfway typed'\n"


@pytest.mark.req("INDEX-7")
async def test_what_is_typed_in_one_face_is_found_by_all_and_forgotten_with_it(tmp_path: Path) -> None:
    root = write_files(tmp_path / "project", {"a.py": SAVED, "b.py": "def other_name():\n    pass\n"})
    async with bench_on(root) as watching:
        async with bench_on(root) as typing, connected(root, "auto") as assistant:
            typing.buffer_shown("a.py", UNSAVED)
            typing.flush_buffers()
            hits = await watching.search("halfway typed")
            assert (hits[0].path, hits[0].text) == ("a.py", UNSAVED)
            assert [symbol.name for symbol in await watching.outline("a.py")] == ["unsaved_name"]
            found = (await assistant.call_tool("search_code", {"query": "unsaved_name"})).structured_content
            assert found is not None and found["passages"][0]["symbol"] == "unsaved_name"
            told = await asyncio.to_thread(
                codelab_process, "search", "--root", root, "--json", "unsaved_name"
            )
            assert told.data[0]["symbol"] == "unsaved_name"
            assert all(hit.symbol != "saved_name" for hit in await watching.search("saved_name"))
        hits = await watching.search("saved_name")
        assert hits[0].symbol == "saved_name", "the control: with the face its text is gone"
        assert [symbol.name for symbol in await watching.outline("a.py")] == ["saved_name"]
