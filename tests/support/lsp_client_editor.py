"""An editor of one document over a raw client: it really edits, and its person answers when the test says."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codelab.lsp.positions import split_lines
from tests.support.lsp_client import PATIENCE_SECONDS, Json, RawClient


@dataclass(frozen=True)
class Prompt:
    """A question in front of the person."""

    message: str
    choices: list[str]
    reply: asyncio.Future[Json | None]

    def answer(self, choice: str | None) -> None:
        """Choose; None closes the prompt."""
        assert choice is None or choice in self.choices
        self.reply.set_result({"title": choice} if choice else None)


class Editor:
    """The editor; positions are counted as utf-16, as VS Code does.

    Attributes:
        text: The buffer.
        replies: What to answer to edits instead of making them.
    """

    def __init__(self, client: RawClient, file: Path) -> None:
        self.client = client
        self.file = file
        self.uri = file.as_uri()
        self.text = ""
        self.version = 0
        self.replies: list[Any] = []
        self._prompts: asyncio.Queue[Prompt] = asyncio.Queue()
        client.answers["window/showMessageRequest"] = self._ask
        client.answers["workspace/applyEdit"] = self._apply
        client.answers["window/showDocument"] = lambda _params: {"success": True}

    async def open(self) -> None:
        """Open the file."""
        self.text = self.file.read_bytes().decode()
        self.version = 1
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": self.text}
        await self.client.notify("textDocument/didOpen", {"textDocument": item})

    async def type_text(self, text: str) -> None:
        """Replace the buffer by another text, as one change."""
        self.text = text
        self.version += 1
        params = {"textDocument": self._identifier, "contentChanges": [{"text": text}]}
        await self.client.notify("textDocument/didChange", params)

    async def save(self) -> None:
        """Write the buffer to disk."""
        self.file.write_bytes(self.text.encode())
        await self.client.notify("textDocument/didSave", {"textDocument": {"uri": self.uri}})

    async def actions(self, line: int, context: Json | None = None) -> list[Json]:
        """Ask for the code actions of a line."""
        place = {"line": line, "character": 0}
        params = {
            "textDocument": {"uri": self.uri},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": [], **(context or {})},
        }
        actions: list[Json] = await self.client.request("textDocument/codeAction", params)
        return actions

    async def choose_action(self, line: int, title: str) -> Any:
        """Choose a code action as editors do: resolve it, then execute its command."""
        (action,) = [action for action in await self.actions(line) if action["title"] == title]
        resolved = await self.client.request("codeAction/resolve", action)
        command = resolved["command"]
        return await self.client.command(command["command"], *command["arguments"])

    async def prompt(self) -> Prompt:
        """Wait for the next question."""
        return await asyncio.wait_for(self._prompts.get(), PATIENCE_SECONDS)

    @property
    def prompts_waiting(self) -> int:
        """How many questions came that the test has not looked at."""
        return self._prompts.qsize()

    async def _ask(self, params: Any) -> Json | None:
        reply: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        await self._prompts.put(
            Prompt(params["message"], [action["title"] for action in params["actions"]], reply)
        )
        return await reply

    async def _apply(self, params: Any) -> Any:
        if self.replies:
            return self.replies.pop(0)
        (change,) = params["edit"]["documentChanges"]
        assert change["textDocument"] == self._identifier
        text = self.text
        for edit in sorted(change["edits"], key=_start, reverse=True):
            start, end = (self._offset(edit["range"][end]) for end in ("start", "end"))
            text = text[:start] + edit["newText"] + text[end:]
        await self.type_text(text)
        return {"applied": True}

    def _offset(self, position: Json) -> int:
        """Return a place in the text, counted by way of the encoding itself and not by the server's code."""
        lines = split_lines(self.text)
        before = "".join(lines[: position["line"]])
        line = ([*lines, ""])[position["line"]] if position["line"] <= len(lines) else ""
        return len(before) + len(line.encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le"))

    @property
    def _identifier(self) -> Json:
        return {"uri": self.uri, "version": self.version}


def _start(edit: Json) -> tuple[int, int]:
    start = edit["range"]["start"]
    return start["line"], start["character"]
