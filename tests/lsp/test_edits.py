"""Changing open buffers: what is sent, and whose word is taken that it was done."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codelab.core.errors import InputError
from codelab.core.positions import TextEdit, TextPosition, TextRange
from codelab.lsp.connection import build
from codelab.lsp.edits import BufferEditor, edited
from codelab.lsp.face import LspFace
from codelab.lsp.protocol import CodeLabProtocol
from codelab.workbench.types import BufferEdit
from tests.support.lsp_client import FULL, Json

URI = "file:///w/a.txt"
BEFORE = "one\n😀 two\nthree\n"
EDIT = BufferEdit(
    "a.txt",
    (
        TextEdit(TextRange(TextPosition(0, 0), TextPosition(0, 3)), "ONE"),
        TextEdit(TextRange(TextPosition(1, 2), TextPosition(1, 5)), "TWO"),
    ),
    BEFORE,
    "CodeLab (coder)",
)
AFTER = "ONE\n😀 TWO\nthree\n"


class Wire:
    """A client that is a function: what the server sends, and a way to send to it."""

    def __init__(self, capabilities: Json, on_edit: Callable[["Wire", Json], None]) -> None:
        self.sent: list[Json] = []
        self._on_edit = on_edit
        self.protocol: CodeLabProtocol
        self.face: LspFace
        self.protocol, self.face = build(self._no_workbench)
        self.protocol.set_writer(self)  # type: ignore[arg-type]
        params = {"capabilities": capabilities, "rootUri": "file:///w"}
        self.receive({"id": 1, "method": "initialize", "params": params})
        item = {"uri": URI, "languageId": "x", "version": 7, "text": BEFORE}
        self.receive({"method": "textDocument/didOpen", "params": {"textDocument": item}})

    def receive(self, message: Json) -> None:
        self.protocol.receive({"jsonrpc": "2.0", **message})

    def change(self, text: str) -> None:
        params = {"textDocument": {"uri": URI, "version": 8}, "contentChanges": [{"text": text}]}
        self.receive({"method": "textDocument/didChange", "params": params})

    def write(self, data: bytes) -> None:
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        self.sent.append(message)
        if message.get("method") == "workspace/applyEdit":
            asyncio.get_running_loop().call_soon(self._on_edit, self, message)

    def answer(self, message: Json, result: object) -> None:
        self.receive({"id": message["id"], "result": result})

    @property
    def edit(self) -> Json:
        (edit,) = [
            sent["params"]["edit"] for sent in self.sent if sent.get("method") == "workspace/applyEdit"
        ]
        return dict(edit)

    async def _no_workbench(self, _root: Path, _face: object) -> Any:
        raise InputError("No workbench is needed here")


def obey(wire: Wire, message: Json) -> None:
    wire.answer(message, {"applied": True})
    wire.change(AFTER)


def claim(wire: Wire, message: Json) -> None:
    wire.answer(message, {"applied": True})


@pytest.mark.req("CARD-5")
async def test_the_edit_is_versioned_and_counted_as_the_client_counts() -> None:
    wire = Wire(FULL, obey)
    assert await BufferEditor(wire.face).apply(EDIT)
    (document,) = wire.edit["documentChanges"]
    assert document["textDocument"] == {"uri": URI, "version": 7}
    assert [edit["range"]["start"] for edit in document["edits"]] == [
        {"line": 0, "character": 0},
        {"line": 1, "character": 3},  # the emoji is two units of UTF-16
    ]


@pytest.mark.req("CARD-6")
async def test_a_client_without_versions_gets_plain_changes() -> None:
    wire = Wire({"workspace": {"applyEdit": True}}, obey)
    assert await BufferEditor(wire.face).apply(EDIT)
    assert [edit["newText"] for edit in wire.edit["changes"][URI]] == ["ONE", "TWO"]


@pytest.mark.req("CARD-5")
async def test_a_client_that_says_yes_and_does_nothing_is_not_believed() -> None:
    assert not await BufferEditor(Wire(FULL, claim).face, seen_seconds=0.01).apply(EDIT)


@pytest.mark.req("CARD-5")
async def test_nothing_is_sent_for_a_buffer_that_is_another_or_not_open() -> None:
    wire = Wire(FULL, obey)
    editor = BufferEditor(wire.face)
    assert not await editor.apply(replace(EDIT, before=BEFORE + "more"))
    assert not await editor.apply(replace(EDIT, path="b.txt"))
    assert not [sent for sent in wire.sent if sent.get("method") == "workspace/applyEdit"]
    assert not await BufferEditor(Wire({}, obey).face).apply(EDIT)  # a client that cannot


@pytest.mark.req("CARD-5")
def test_edits_are_made_against_the_text_they_were_made_for() -> None:
    assert edited(BEFORE, EDIT.edits) == AFTER
    assert edited(BEFORE, tuple(reversed(EDIT.edits))) == AFTER
    assert edited("", [TextEdit(TextRange(TextPosition(0, 0), TextPosition(0, 0)), "x")]) == "x"
