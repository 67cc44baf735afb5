"""Two hundred keys, in the environment and the keyring: they are used, and found nowhere."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.config.places import Places, find_places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError
from codelab.core.events import RunState
from codelab.workbench.types import Verdict
from codelab_models.connect import open_chat_model
from codelab_models.providers import PROVIDERS
from codelab_models.start import ask_health, ensure_host
from codelab_models.wire import ChatRequest, Message
from tests.support.bench import Person, bench_on, configure, write_files
from tests.support.command_line import codelab_process
from tests.support.model_host import end_process, own_places, pid_of_host, started_hosts
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = [pytest.mark.req("SAFE-6", "SAFE-7", "MODEL-2"), pytest.mark.slow]

MARK = "canary-5e1f"
KEYRING = """
import json
from pathlib import Path
def get_password(service, name):
    assert service == "codelab"
    return json.loads(Path(__file__).with_name("kept.json").read_text()).get(name)
"""


def environment() -> dict[str, str]:
    """Return a hundred variables with keys: those of the providers, and others."""
    names = [name for provider in PROVIDERS for name in provider.keys]
    names += [f"SOMEBODYS_{number}_API_KEY" for number in range(100 - len(names))]
    return {name: f"{MARK}-environment-{number}" for number, name in enumerate(names)}


def keyring() -> dict[str, str]:
    """Return a hundred keys as the keyring has them."""
    names = [provider.name for provider in PROVIDERS] + ["127.0.0.1"]
    names += [f"gateway-{number}.example" for number in range(100 - len(names))]
    return {name: f"{MARK}-keyring-{number}" for number, name in enumerate(names)}


def keyring_in(folder: Path) -> None:
    """Put a package ``keyring`` that has them in a folder."""
    (folder / "keyring.py").write_text(KEYRING)
    (folder / "kept.json").write_text(json.dumps(keyring()))


def has_them_all(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Give this process the environment, and those that it starts a keyring in a folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    for name, key in environment().items():
        monkeypatch.setenv(name, key)
    keyring_in(folder)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Places]:
    has_them_all(monkeypatch, tmp_path)
    with own_places() as found:
        pid_of_host(found, Settings())
        yield found


def processes_of(pid: int) -> list[int]:
    """Return a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in processes_of(int(child)))]


async def ask(places: Places, server: ScriptedModel, environ: dict[str, str]) -> str:
    """Return what a person sees of an answer or of its failure."""
    settings = Settings(models=ModelSettings(chat="openai/scripted", api_base=server.base_url))
    model = open_chat_model(places, settings, environ)
    assert model is not None
    try:
        parts = [part async for part in model.stream(ChatRequest((Message("user", "hello"),)))]
    except ModelError as error:
        return f"{error} {error!r} {vars(error)}"
    return repr(parts)


async def test_two_hundred_keys_are_found_nowhere(places: Places) -> None:
    in_environment, in_keyring = environment(), keyring()
    assert len(in_environment) + len(in_keyring) == 200
    rules = [When(nth=1).status(401, f"bad {in_environment['OPENAI_API_KEY']}")]
    rules += [When(nth=2).status(401, f"bad {in_keyring['127.0.0.1']}"), When().say("hi")]
    async with scripted_model(rules) as server:
        seen = [await ask(places, server, in_environment), await ask(places, server, {})]
        seen += [await ask(places, server, in_environment), await ask(places, server, {})]
        used = [request.key for request in server.requests]
    own, kept = in_environment["OPENAI_API_KEY"], in_keyring["127.0.0.1"]
    assert used == [own, kept, own, kept], "one face's key served another"
    host = (await ask_health(await ensure_host(places, Settings()))).pid
    shown = [Path(f"/proc/{pid}/{name}") for pid in processes_of(host) for name in ("environ", "cmdline")]
    shown += [path for path in places.cache.parent.rglob("*") if path.is_file()]
    assert {"models.db", "host.log"} <= {path.name for path in shown}
    seen += [path.read_bytes().decode("utf-8", "replace") for path in shown]
    assert [text for text in seen if MARK in text] == []
    assert any("[key]" in text for text in seen)


PRINTS_ALL = "env; cat /proc/self/environ /proc/$PPID/environ /proc/1/environ; set; ps axe 2>/dev/null; true"


async def test_a_run_leaves_them_in_no_database_event_prompt_or_environment_of_a_tool(
    codelab_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A whole run: the provider repeats the key in its errors, a command prints what it can read."""
    caplog.set_level(logging.DEBUG)
    has_them_all(monkeypatch, tmp_path)
    root = write_files(tmp_path / "work", {"a.py": "def pay(): ...\n"})
    own = environment()["OPENAI_API_KEY"]
    rules = [
        When(nth=1).status(500, f"failed for {own}"),
        When("go", role="user").call("run_command", {"shell": PRINTS_ALL}),
        When(role="tool").say("Done."),
        When("again", role="user").status(401, f"bad key {own}"),
    ]
    seen = []
    try:
        async with scripted_model(rules) as server:
            config = f'[models]\nchat = "openai/scripted"\napi_base = "{server.base_url}"\n'
            configure(None, f"{config}[sandbox]\nas_root = true\n")
            async with bench_on(root) as bench:
                person = Person(bench, Verdict.APPROVED)
                bench.attach(prompter=person)
                handle = await bench.act("go")
                seen += [repr(event) async for event in handle.events()]
                result = await handle.result()
                assert result.state is RunState.DONE
                failed = await (await bench.act("again")).result()
                assert failed.state is RunState.FAILED
                seen += [repr(result), repr(failed), repr(person.shown)]
            for command in (["models"], ["doctor"], ["usage"], ["ask", "again"]):
                ended = await asyncio.to_thread(codelab_process, *command, cwd=root)
                seen += [ended.out, ended.err]
            assert {request.key for request in server.requests} == {own}, "the control: it was used"
            told = json.dumps([request.body for request in server.requests])
            assert "PATH=" in told, "the control: the command has printed its environment"
            seen.append(told)
    finally:
        for pid in started_hosts(find_places()):
            end_process(pid)
    files = [path for folder in (codelab_home, root) for path in folder.rglob("*") if path.is_file()]
    assert {"state.db", "models.db", "host.log", "user.db"} <= {path.name for path in files}
    seen += [path.read_bytes().decode("utf-8", "replace") for path in files] + [caplog.text]
    assert [text[max(0, text.find(MARK) - 200) :][:400] for text in seen if MARK in text] == []
    assert any("[key]" in text for text in seen)


def test_the_control_a_process_that_inherits_everything_would_be_found_out(places: Places) -> None:
    pid = pid_of_host(places, Settings())
    assert MARK.encode() not in Path(f"/proc/{pid}/environ").read_bytes()

    async def inherited() -> bytes:
        command = (sys.executable, "-c", "print(open('/proc/self/environ').read())")
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        return (await process.communicate())[0]

    assert MARK.encode() in asyncio.run(inherited())
