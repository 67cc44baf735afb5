"""What the tools read, and what they propose."""

import json
import uuid
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from codelab.core.errors import CodeLabError, PathRefused
from codelab.core.positions import LineSpan
from codelab.index.knowledge.repo_map import MapFile, RepoMap
from codelab.index.types import FoundDefinition, Hit, Symbol, Usage
from codelab.store.overlay import Overlay
from codelab.tools.catalog import TOOLS, tool_spec
from codelab.tools.contract import Command, FileChange, ToolContext, ToolText
from codelab.tools.read_file import MOST_LINES
from codelab.workspace.view import WorkspaceView

FOUND = Hit("src/a.py", 3, 4, 1.0, "pay", "function", "def pay():\n    ...")


SYMBOL = Symbol("src/a.py", "pay", "pay", "function", "def pay()", 3, 4)


class Code:
    """Knows one definition and one use of it."""

    async def outline(self, path: str) -> list[Symbol]:
        return [SYMBOL] if path == SYMBOL.path else []

    async def definitions(self, name: str, seen_from: str = "") -> list[FoundDefinition]:
        return [FoundDefinition(SYMBOL, "exact")] if name == "pay" else []

    async def references(self, name: str, defined_in: str = "", limit: int = 200) -> list[Usage]:
        return [Usage("b.py", 1, "call", "main", "imported", "pay()")] if name == "pay" else []

    async def repo_map(self, tokens: int, files: Collection[str] = (), words: str = "") -> RepoMap:
        if words == "nothing":
            return RepoMap("", 0, (), 0)
        return RepoMap("src/a.py\n  3: def pay()", 6, (MapFile("src/a.py", 1.0, ()),), 2)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ToolContext]:
    """A workspace with a few files, and a search that finds one passage."""
    root = tmp_path / "w"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_bytes(b"import os\r\n\r\ndef pay():\r\n    return 1\r\n")
    (root / "long.txt").write_text("".join(f"line {n}\n" for n in range(1, 1001)))
    (root / "wide.txt").write_text("x" * 200_000 + "\nshort\n")
    (root / "empty.txt").write_text("")
    (root / "picture.png").write_bytes(b"\x89PNG\r\n\x00\x00")
    (root / "outside").symlink_to("/etc")
    overlay = Overlay.open(tmp_path / "cache", f"face-{uuid.uuid4().hex}", lambda face: True)

    async def search(query: str, *, limit: int, path: str) -> list[Hit]:
        return [] if query == "nothing" else [FOUND][:limit]

    yield ToolContext(WorkspaceView(root, overlay), search, Code())
    overlay.close()


async def call(context: ToolContext, name: str, /, **arguments: Any) -> ToolText | FileChange | Command:
    """Call a tool as the executor does: arguments checked, the files it touches named first."""
    tool = TOOLS[name]
    checked = tool.arguments.model_validate(arguments)
    tool.touches(checked, context)
    return await tool.call(checked, context)


@pytest.mark.req("TOOL-2", "TOOL-5")
async def test_read_file_numbers_its_lines_and_names_its_source(context: ToolContext) -> None:
    read = await call(context, "read_file", path="./src/a.py", start_line=3)
    assert isinstance(read, ToolText)
    assert read.text == "src/a.py:3-4\n3\tdef pay():\n4\t    return 1"
    assert [source.span for source in read.sources] == [LineSpan("src/a.py", 3, 4)]


@pytest.mark.req("TOOL-5")
async def test_a_long_read_is_bounded_and_says_how_to_go_on(context: ToolContext) -> None:
    read = await call(context, "read_file", path="long.txt")
    assert isinstance(read, ToolText)
    assert read.sources[0].span == LineSpan("long.txt", 1, MOST_LINES)
    assert read.text.endswith(f"(1000 lines in all; read on from line {MOST_LINES + 1})")
    wide = await call(context, "read_file", path="wide.txt")
    assert isinstance(wide, ToolText)
    assert len(wide.text) < 61_000
    assert "too long to show" in wide.text


@pytest.mark.req("INDEX-7")
async def test_unsaved_text_is_read_as_the_editor_shows_it(context: ToolContext) -> None:
    context.view._overlay.put("src/a.py", "unsaved = True\n")
    read = await call(context, "read_file", path="src/a.py")
    assert isinstance(read, ToolText)
    assert read.text == "src/a.py:1 (unsaved, as in the editor)\n1\tunsaved = True"


@pytest.mark.req("TOOL-1", "SAFE-5")
@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("read_file", {"path": "src/b.py"}, "src/b.py"),
        ("read_file", {"path": "src"}, "src"),
        ("read_file", {"path": "picture.png"}, "binary"),
        ("read_file", {"path": "long.txt", "start_line": 9, "end_line": 2}, "before"),
        ("edit_file", {"path": "src/a.py"}, "nothing to do"),
        ("edit_file", {"path": "src/a.py", "content": "x"}, "exists already"),
        ("edit_file", {"path": "n.py", "content": "x", "replacements": [{"old": "a", "new": "b"}]}, "either"),
        ("edit_file", {"path": "src/a.py", "replacements": [{"old": "pay", "new": "pay"}]}, "as it is"),
        ("edit_file", {"path": "src/a.py", "replacements": [{"old": "payy", "new": "x"}]}, "src|not"),
        ("edit_file", {"path": "new.py", "content": "x" * 1_000_001}, "at most"),
    ],
)
async def test_what_cannot_be_done_is_told_in_words(
    context: ToolContext, name: str, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises(CodeLabError, match=told):
        await call(context, name, **arguments)


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize("path", ["../x.py", "/etc/passwd", "outside/passwd", "src/../../x", "a\0b"])
async def test_paths_stay_inside_the_workspace(context: ToolContext, path: str) -> None:
    with pytest.raises(PathRefused):
        await call(context, "read_file", path=path)
    with pytest.raises(PathRefused):
        await call(context, "edit_file", path=path, replacements=[{"old": "root", "new": "toor"}])


@pytest.mark.req("SAFE-5", "TOOL-2")
async def test_an_edit_keeps_the_line_ends_of_the_file_and_writes_nothing(context: ToolContext) -> None:
    replacement = {"old": "def pay():\n    return 1\n", "new": "def pay():\n    check()\n    return 1\n"}
    change = await call(context, "edit_file", path="src/a.py", replacements=[replacement])
    assert isinstance(change, FileChange)
    assert change.after == b"import os\r\n\r\ndef pay():\r\n    check()\r\n    return 1\r\n"
    assert (context.view.root / "src/a.py").read_bytes() == change.before


@pytest.mark.req("TOOL-2", "TOOL-5")
async def test_search_brings_passages_that_count_as_read(context: ToolContext) -> None:
    found = await call(context, "search_code", query="how do we pay?")
    assert isinstance(found, ToolText)
    assert found.text.startswith("src/a.py:3-4  function pay\ndef pay():")
    assert [source.span for source in found.sources] == [FOUND.span]
    nothing = await call(context, "search_code", query="nothing")
    assert isinstance(nothing, ToolText)
    assert nothing.sources == ()


@pytest.mark.req("TOOL-2", "INDEX-3")
@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("find_symbol", {"name": "pay"}, "src/a.py:3-4  function pay\n    def pay()"),
        (
            "find_symbol",
            {"name": "pay", "seen_from": "b.py"},
            "src/a.py:3-4  function pay (exact)\n    def pay()",
        ),
        ("find_symbol", {"name": "x"}, "Nothing is defined as x. Try search_code with its words."),
        ("find_references", {"name": "pay"}, "b.py:1  call in main (imported)  pay()"),
        ("find_references", {"name": "x"}, "No use of x was found."),
        ("outline", {"path": "./src/a.py"}, "src/a.py\n3-4 def pay()"),
        ("outline", {"path": "b"}, "b is not indexed, or defines nothing. read_file shows its lines."),
        ("repo_map", {}, "src/a.py\n  3: def pay()"),
        ("repo_map", {"words": "nothing"}, "There is nothing to show: no definitions are indexed."),
    ],
)
async def test_what_is_known_of_the_code_is_told_in_lines(
    context: ToolContext, name: str, arguments: dict[str, Any], told: str
) -> None:
    found = await call(context, name, **arguments)
    assert isinstance(found, ToolText)
    assert found.text == told and found.sources == ()


@pytest.mark.req("TOOL-1", "AGENT-5")
@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_model_sees_each_tool_with_a_schema_that_names_every_argument(name: str) -> None:
    spec = tool_spec(TOOLS[name])
    assert spec.description
    assert spec.parameters["type"] == "object"
    assert spec.parameters["additionalProperties"] is False
    assert all("description" in part for part in spec.parameters["properties"].values())


@pytest.mark.req("TOOL-1", "MODEL-7")
@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_schema_holds_no_title_and_no_words_about_all_the_arguments_of_a_tool(name: str) -> None:
    made = TOOLS[name].arguments.model_json_schema()
    assert made["title"] and made["description"]  # what pydantic adds by itself
    offered = tool_spec(TOOLS[name]).parameters
    assert offered == without_names_of_classes(made)
    assert '"title"' not in json.dumps(offered)


def without_names_of_classes(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without titles, and without descriptions of objects as a whole."""
    described = schema.get("type") == "object"
    kept = {key: value for key, value in schema.items() if key != "title"}
    if described:
        kept.pop("description", None)
    for key in ("properties", "$defs"):
        if key in kept:
            kept[key] = {name: without_names_of_classes(part) for name, part in kept[key].items()}
    return kept


@pytest.mark.req("SAFE-2", "TOOL-5")
@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("new.py", {"content": "a\0b\n"}),
        ("new.py", {"content": "\ufeffa = 1\n"}),
        ("src/a.py", {"replacements": [{"old": "os", "new": "o\0s"}]}),
        ("latin.txt", {"replacements": [{"old": "\xe9", "new": "\xc3\xa9"}]}),
    ],
)
async def test_what_would_be_read_back_as_another_text_than_was_shown_is_not_proposed(
    context: ToolContext, path: str, change: dict[str, Any]
) -> None:
    (context.view.root / "latin.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(CodeLabError, match="could not be read again"):
        await call(context, "edit_file", path=path, **change)
