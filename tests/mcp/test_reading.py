"""The tools that read: listing, search, reading, asking without a model."""

from pathlib import Path

import pytest

from tests.support.bench import bench_on, write_files
from tests.support.mcp_client import MODES, Mode, Noted, connected, text_of

pytestmark = pytest.mark.slow

FILES = {
    "src/upload.py": (
        'def send_with_retry(path):\n    """Retry failed uploads."""\n    return send(path)\n\n\n'
        "def send(path):\n    pass\n"
    ),
    ".env": "TOKEN=secret\n",
}
READS = {
    *("search_code", "find_symbol", "find_references", "outline", "repo_map", "read_range"),
    *("index_status", "ask"),
}
CHANGES = {"run", "continue_run", "undo"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "project", FILES)


@pytest.mark.req("CARD-2", "CARD-6")
@pytest.mark.parametrize("mode", MODES)
async def test_every_tool_says_whether_it_reads_or_changes(project: Path, mode: Mode) -> None:
    async with connected(project, mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == READS | CHANGES | {"stop"}
    for name, tool in tools.items():
        assert tool.annotations is not None and tool.output_schema is not None and tool.description
        assert bool(tool.annotations.read_only_hint) == (name in READS)
        assert bool(tool.annotations.destructive_hint) == (name in CHANGES)


@pytest.mark.req("CARD-2", "SAFE-2")
async def test_no_tool_lets_the_assistant_answer_an_approval(project: Path) -> None:
    async with connected(project, "auto") as client:
        tools = (await client.list_tools()).tools
        assert client.instructions is not None and "You cannot answer for them" in client.instructions
    for tool in tools:
        assert not {"approval", "verdict", "approve", "decision", "confirmed"} & set(
            tool.input_schema["properties"]
        )


@pytest.mark.req("CARD-2", "INDEX-4", "MODEL-5")
@pytest.mark.parametrize("mode", MODES)
async def test_searching_reading_and_asking_without_a_model(project: Path, mode: Mode) -> None:
    async with connected(project, mode) as client:
        found = (await client.call_tool("search_code", {"query": "retry failed uploads"})).structured_content
        assert found is not None
        assert found["index"] == "fresh"
        best = found["passages"][0]
        assert (best["path"], best["start_line"], best["symbol"]) == ("src/upload.py", 1, "send_with_retry")

        read = (
            await client.call_tool("read_range", {"path": "src/upload.py", "start_line": 6})
        ).structured_content
        assert read is not None
        assert (read["start_line"], read["end_line"], read["total_lines"]) == (6, 7, 7)
        assert read["text"] == "def send(path):\n    pass"

        outline = (await client.call_tool("outline", {"path": "src/upload.py"})).structured_content
        assert outline is not None
        assert [one["name"] for one in outline["definitions"]] == ["send_with_retry", "send"]
        for tool, arguments, told in (
            ("outline", {"path": "nope.py"}, "nope.py"),
            ("read_range", {"path": "src/upload.py", "start_line": 9_999}, "src/upload.py has "),
        ):
            refused = await client.call_tool(tool, arguments)
            assert refused.is_error and told in text_of(refused)

        found = (await client.call_tool("find_symbol", {"name": "send"})).structured_content
        assert found is not None and found["total"] == 1
        assert (found["definitions"][0]["start_line"], found["definitions"][0]["confidence"]) == (6, "exact")

        used = (await client.call_tool("find_references", {"name": "send"})).structured_content
        assert used is not None and used["complete"]
        assert [(one["line"], one["symbol"], one["text"]) for one in used["uses"]] == [
            (3, "send_with_retry", "return send(path)")
        ]

        drawn = (await client.call_tool("repo_map", {"tokens": 60})).structured_content
        assert drawn is not None and drawn["files"] == ["src/upload.py"] and drawn["tokens"] <= 60
        assert drawn["text"].splitlines()[1] == "  1: def send_with_retry(path)"

        status = (await client.call_tool("index_status", {})).structured_content
        assert status is not None
        assert (status["root"], status["files"], status["state"]) == (str(project), 1, "fresh")

        noted = Noted()
        asked = await client.call_tool(
            "ask", {"question": "where are failed uploads retried?"}, progress_callback=noted
        )
        answer = asked.structured_content
        assert answer is not None
        assert answer["model"] == "" and "nothing here is generated" in answer["answer"]
        assert answer["sources"][0]["path"] == "src/upload.py"
        assert "ask: searching the index" in noted.lines


@pytest.mark.req("INDEX-1", "CARD-2")
@pytest.mark.slow
async def test_a_paused_index_is_told_and_searched_without_waiting(project: Path) -> None:
    async with bench_on(project) as bench:
        assert [status.state async for status in bench.index_progress()][-1] == "fresh"
        await bench.pause_index()
    async with connected(project, "auto") as client:
        found = (await client.call_tool("search_code", {"query": "retry"})).structured_content
        assert found is not None
        assert (found["index"], found["passages"][0]["path"]) == ("paused", "src/upload.py")
        status = (await client.call_tool("index_status", {})).structured_content
        assert status is not None
        assert (status["state"], status["files"]) == ("paused", 1)


@pytest.mark.req("SAFE-5", "CARD-2")
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("../outside.txt", "outside"),
        ("/etc/passwd", "outside"),
        ("link.txt", ""),
        (".env", "secrets"),
        ("missing.py", "missing.py"),
        ("src", "src"),
    ],
)
async def test_reading_stays_inside_the_workspace(project: Path, path: str, told: str) -> None:
    (project.parent / "outside.txt").write_text("private")
    (project / "link.txt").symlink_to(project.parent / "outside.txt")
    async with connected(project, "auto") as client:
        result = await client.call_tool("read_range", {"path": path})
    assert result.is_error
    assert told in text_of(result)
    assert "private" not in text_of(result) and "Traceback" not in text_of(result)


@pytest.mark.req("CARD-2")
@pytest.mark.parametrize("arguments", [{}, {"query": ""}, {"query": "x", "limit": 0}, {"query": 3}])
async def test_arguments_that_make_no_sense_are_told(project: Path, arguments: dict[str, object]) -> None:
    async with connected(project, "auto") as client:
        result = await client.call_tool("search_code", arguments)
    assert result.is_error
    assert text_of(result).startswith("The arguments of search_code are not valid: ")
    assert "pydantic" not in text_of(result)


@pytest.mark.req("CARD-2")
async def test_the_clients_roots_name_the_workspace(project: Path) -> None:
    async with connected(None, "legacy", roots=[project]) as client:
        status = (await client.call_tool("index_status", {})).structured_content
    assert status is not None and status["root"] == str(project)


@pytest.mark.req("CARD-2")
@pytest.mark.parametrize("mode", MODES)
async def test_without_roots_the_current_folder_names_it(
    project: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    async with connected(None, mode) as client:
        status = (await client.call_tool("index_status", {})).structured_content
    assert status is not None and status["root"] == str(project)


@pytest.mark.req("CARD-2")
async def test_a_workspace_that_cannot_be_opened_is_told_and_tried_again(
    project: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "later"
    async with connected(missing, "auto") as client:
        refused = await client.call_tool("index_status", {})
        assert refused.is_error and "later" in text_of(refused)
        missing.mkdir()
        assert not (await client.call_tool("index_status", {})).is_error
