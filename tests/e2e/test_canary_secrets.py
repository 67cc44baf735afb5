"""Two hundred secrets, in the environment and in a file of the workspace: found in no sink of any face."""

import asyncio
import base64
import json
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from codelab.core.secret_forms import forms_of
from tests.programme.volume import Volume
from tests.support.bench import configure, write_files
from tests.support.command_line import codelab_process
from tests.support.lsp_client import started
from tests.support.lsp_client_editor import Editor
from tests.support.mcp_client import started as started_mcp
from tests.support.mcp_client import text_of
from tests.support.model_server import When, scripted_model

pytestmark = [pytest.mark.req("SAFE-7", "SAFE-6"), pytest.mark.slow]

MARK = "cAnArY"
PLAIN = "pLaIn-1234"  # no secret: the control


def secrets_called(where: str, count: int) -> list[str]:
    return [f'{MARK}/{where}"{number:03}+ü' for number in range(count)]


def said_in_every_form(secrets: list[str]) -> str:
    """Return a text with each secret in another form, as files, models and programs have them."""
    forms = (
        str,
        quote,
        lambda text: text.encode().hex(),
        lambda text: base64.b64encode(b"x" + text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(b"ab" + text.encode() + b"c").decode(),
        json.dumps,
    )
    return f"# {PLAIN}\n" + "\n".join(
        f"# {forms[number % len(forms)](secret)}" for number, secret in enumerate(secrets)
    )


class Sinks:
    """What came out of the faces, and where each secret is looked for."""

    def __init__(self, secrets: list[str]) -> None:
        self._forms = sorted({form for secret in secrets for form in forms_of(secret)})
        self.seen: dict[str, str] = {}

    def take(self, name: str, text: str) -> None:
        self.seen[name] = self.seen.get(name, "") + text

    def take_files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            # The index and the buffers of editors are made of the workspace's own files, and stay here.
            own = "repositories" in path.parts or path.name.startswith("overlay.db")
            if path.is_file() and not own and path.name != "config.toml":
                self.take(str(path), path.read_bytes().decode("utf-8", "replace"))

    def with_plain(self) -> set[str]:
        """Return where the text stands that is no secret."""
        return {Path(name).name for name, text in self.seen.items() if PLAIN in text}

    def found(self) -> dict[str, list[str]]:
        """Return which forms stand where."""
        return {
            name: forms
            for name, text in self.seen.items()
            if (forms := [form for form in self._forms if form in text])
        }


Scene = tuple[Path, list[str]]


@pytest.fixture
def scene(tmp_path: Path, volume: Volume, monkeypatch: pytest.MonkeyPatch) -> Scene:
    count = volume(200, 200) // 2
    environment, file = secrets_called("environment", count), secrets_called("file", count)
    for number, secret in enumerate(environment):
        monkeypatch.setenv(f"SOMEBODYS_{number}_TOKEN", secret)
    code = f"def pay():\n    return 1\n{said_in_every_form([*environment, *file])}\n"
    lines = [f"KEY_{number}={secret!r}" for number, secret in enumerate(file)]
    return write_files(tmp_path / "shop", {"pay.py": code, ".env": "\n".join(lines)}), [*environment, *file]


EDIT = {"path": "pay.py", "replacements": [{"old": "    return 1\n", "new": "    return 2\n"}]}


def script(secrets: list[str]) -> list[When]:
    """Return a model that has tools see the secrets, and says them itself."""
    said = said_in_every_form(secrets)
    return [
        When("change pay", role="user").call("edit_file", EDIT),
        When("pay.py changed", role="tool").call("edit_file", {"path": f"{secrets[7]}.py", "content": said}),
        When(role="user").call("read_file", {"path": "pay.py"}),
        When(role="tool").say(f"The tokens are\n{said}\n"),
    ]


async def in_an_editor(root: Path, sinks: Sinks, secrets: list[str], errors: Path) -> None:
    command = ("sh", "-c", f'exec "{sys.executable}" -m codelab.cli.main --stdio 2>"{errors}"')
    async with started(command) as client:
        await client.initialize(root)
        await Editor(client, root / ".env").open()
        editor = Editor(client, root / "pay.py")
        await editor.open()
        await client.command("codelab.status")
        for question in ("what does pay do?", f"is it {secrets[-1]}"):
            await client.command("codelab.chat", question)
        sinks.take("LSP", json.dumps(client.received, ensure_ascii=False))
        sinks.take("LSP in ASCII", json.dumps(client.received))


async def over_mcp(root: Path, sinks: Sinks, secrets: list[str], errors: Path) -> None:
    async with started_mcp(root, "auto", errors) as client:
        for tool, arguments in (
            ("read_range", {"path": "pay.py"}),
            ("search_code", {"query": "pay"}),
            ("ask", {"question": f"what is {secrets[2]}"}),
            ("read_range", {"path": f"{secrets[3]}.py"}),
        ):
            result = await client.call_tool(tool, arguments)
            sinks.take("MCP", text_of(result) + json.dumps(result.structured_content, ensure_ascii=False))


def on_the_command_line(root: Path, sinks: Sinks, secrets: list[str]) -> None:
    for arguments in (
        ["search", "pay"],
        ["search", "--context", "50", "pay"],
        ["run", "--json", "--mode", "allow-edits", f"change pay {secrets[4]}"],
        ["index", "symbol", secrets[5]],
        ["audit", "export"],
        ["audit", "show", "-n", "0"],
        ["sessions"],
        ["config", "set", f"models.{secrets[6]}", "x"],
    ):
        ended = codelab_process(*arguments, "--root", root)
        sinks.take(f"codelab {arguments[0]}", ended.out + ended.err)


async def everything(root: Path, sinks: Sinks, secrets: list[str], tmp_path: Path) -> None:
    with scripted_model(script(secrets)) as model:
        configure(model)
        await in_an_editor(root, sinks, secrets, tmp_path / "lsp.err")
        await over_mcp(root, sinks, secrets, tmp_path / "mcp.err")
        await asyncio.to_thread(on_the_command_line, root, sinks, secrets)
        for request in model.requests:
            sinks.take("model", json.dumps(request.body, ensure_ascii=False))


@pytest.mark.programme("secrets")
async def test_no_secret_is_found_in_any_sink(scene: Scene, codelab_home: Path, tmp_path: Path) -> None:
    root, secrets = scene
    sinks = Sinks(secrets)
    await everything(root, sinks, secrets, tmp_path)
    for name in ("lsp.err", "mcp.err"):
        sinks.take(name, (tmp_path / name).read_text())
    sinks.take_files(codelab_home)
    assert (root / "pay.py").read_text().startswith("def pay():\n    return 2\n"), "the run did its work"
    assert sinks.found() == {}
    told = {"LSP", "MCP", "model", "state.db", "codelab search", "codelab run"}
    assert told <= sinks.with_plain(), "what is no secret is found there: the control"
    assert "codelab audit" not in sinks.with_plain(), "no content of a file gets into the audit log"
