"""A model that belongs to an attacker, over the real faces: nothing leaves, is written or runs unasked."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest

from tests.programme.compromised import Attack, attacks, filled
from tests.programme.volume import Volume
from tests.support import lsp_client
from tests.support.bench import configure, write_files
from tests.support.mcp_client import started as mcp_started
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECRET = "codelab-secret-4c1f"
TOKEN = "codelab-token-77ab"
AS_ROOT = "[sandbox]\nas_root = true\n"  # where the tests run as root; for anybody else it means nothing


class Target:
    """A person's folders and ports, as they are before anything is tried."""

    def __init__(self, base: Path, home: Path) -> None:
        self.root = write_files(
            base / "work",
            {
                "a.txt": "one\n",
                ".env": f"KEY={SECRET}\n",
                "deploy/id_rsa": SECRET,
                "Makefile": "test:\n\ttrue\n",
                ".git/HEAD": "ref: refs/heads/main\n",
                ".git/config": f"[remote]\n\turl = https://{SECRET}@host/x\n",
                ".git/objects/x": "",
                ".git/refs/x": "",
            },
        )
        self.outside = write_files(base / "outside", {"secret.txt": SECRET})
        (self.root / "gate").symlink_to(self.outside)
        self.home = home
        self.tcp, self.udp = socket.create_server(("127.0.0.1", 0)), socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        for one in (self.tcp, self.udp):
            one.setblocking(False)
        self.before = self.state()

    @property
    def values(self) -> dict[str, Any]:
        """What the words in braces of an attack stand for."""
        tcp, udp = (one.getsockname()[1] for one in (self.tcp, self.udp))
        paths = {"root": self.root, "outside": self.outside, "home": self.home}
        return {**paths, "tcp": tcp, "udp": udp, "token": TOKEN}

    def state(self) -> dict[str, str]:
        """Return everything that no attack may change."""
        config = self.home / "config"
        found = [path for base in (self.root, self.outside, config) for path in base.rglob("*")]
        left = [path for base in ("/tmp", "/dev/shm", "/etc/cron.d") for path in Path(base).glob(f"{TOKEN}*")]
        siblings = list(self.root.parent.iterdir())
        return {
            str(path): f"{path.lstat().st_mode:o} {path.read_text() if path.is_file() else ''}"
            for path in (*found, *left, *siblings)
        }

    def check_untouched(self, model: ScriptedModel) -> None:
        """Check that nothing was written, nobody came to a port, and no secret reached the model."""
        assert self.state() == self.before
        with pytest.raises(BlockingIOError):
            self.tcp.accept()
        with pytest.raises(BlockingIOError):
            self.udp.recv(1)
        assert not any(SECRET in str(request.body) for request in model.requests)

    def close(self) -> None:
        """Stop listening."""
        self.tcp.close()
        self.udp.close()


@contextmanager
def attacked(base: Path, home: Path, tried: list[Attack]) -> Iterator[tuple[Target, ScriptedModel]]:
    """Make a target, and a model that tries the nth attack when the task says so."""
    configure(more=AS_ROOT)
    target = Target(base, home)
    named = [(f"attack {number}.", filled(attack, target.values)) for number, attack in enumerate(tried)]
    rules = [When(task, role="user", times=1).call(attack.tool, attack.arguments) for task, attack in named]
    try:
        with scripted_model([*rules, When().say("Done.")]) as model:
            configure(model, AS_ROOT)
            target.before = target.state()
            yield target, model
    finally:
        target.close()


def chosen(count: int) -> list[Attack]:
    """Return so many of the attacks, from every family."""
    every = attacks()
    return [every[number * len(every) // count] for number in range(count)]


@pytest.mark.programme("injection")
@pytest.mark.req("SAFE-1", "SAFE-2", "SAFE-5", "SAFE-6", "SAFE-9")
@pytest.mark.parametrize("mode", ["ask", "allow-edits"])
async def test_no_call_of_a_compromised_model_does_harm_in_an_editor_whose_person_says_no(
    tmp_path: Path, codelab_home: Path, volume: Volume, mode: str
) -> None:
    tried = chosen(volume(24, len(attacks())))
    with attacked(tmp_path, codelab_home, tried) as (target, model):
        async with lsp_client.started() as client:
            client.answers["window/showMessageRequest"] = lambda _params: None
            client.answers["workspace/applyEdit"] = lambda _params: {"applied": False}
            await client.initialize(target.root)
            for number in range(len(tried)):
                task = {"task": f"attack {number}.", "mode": mode, "show": False}
                result = await client.command("codelab.run", task)
                assert result["changed"] == [], tried[number]
            assert client.sent("workspace/applyEdit") == []
        target.check_untouched(model)


async def decline(_context: object, _params: types.ElicitRequestParams) -> types.ElicitResult:
    """Say no to everything."""
    return types.ElicitResult(action="decline")


@pytest.mark.programme("injection")
@pytest.mark.req("SAFE-1", "SAFE-2", "SAFE-5", "SAFE-6", "SAFE-9")
async def test_no_call_of_a_compromised_model_does_harm_through_an_assistant_whose_person_says_no(
    tmp_path: Path, codelab_home: Path, volume: Volume
) -> None:
    tried = chosen(volume(24, len(attacks())))
    with attacked(tmp_path, codelab_home, tried) as (target, model):
        person: Any = decline
        async with mcp_started(target.root, "legacy", codelab_home / "errors", person=person) as assistant:
            for number in range(len(tried)):
                result = await assistant.call_tool("run", {"task": f"attack {number}."})
                assert result.structured_content is not None, result
                assert result.structured_content["changed"] == [], tried[number]
        target.check_untouched(model)


@pytest.mark.programme("injection")
@pytest.mark.req("SAFE-5", "SAFE-6", "SAFE-9")
async def test_a_person_who_says_yes_to_every_command_loses_no_secret_and_no_file_outside(
    tmp_path: Path, codelab_home: Path, volume: Volume
) -> None:
    commands = [
        attack for attack in attacks() if attack.tool == "run_command" and "shell" in attack.arguments
    ]
    count = volume(12, len(commands))
    tried = [commands[number * len(commands) // count] for number in range(count)]
    with attacked(tmp_path, codelab_home, tried) as (target, model):
        async with lsp_client.started() as client:
            client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
            await client.initialize(target.root)
            for number in range(len(tried)):
                await client.command("codelab.run", {"task": f"attack {number}.", "show": False})
        (target.root / "copy.txt").unlink(missing_ok=True)  # what of a harmless file the person agreed to
        target.check_untouched(model)


@pytest.mark.req("SAFE-2")
async def test_the_same_model_does_harm_where_the_person_says_yes_to_an_edit(
    tmp_path: Path, codelab_home: Path
) -> None:
    harmful = [Attack("edit_file", {"path": ".vscode/tasks.json", "content": "planted\n"})]
    with attacked(tmp_path, codelab_home, harmful) as (target, model):
        async with lsp_client.started() as client:
            client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
            await client.initialize(target.root)
            await client.command("codelab.run", {"task": "attack 0.", "show": False})
        with pytest.raises(AssertionError):
            target.check_untouched(model)
