"""Every command that the page about models shows runs, at a server, a hub and files of the tests."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bench import write_files
from tests.support.command_line import codelab
from tests.support.gguf_file import gguf_header, write_gguf
from tests.support.hub_server import hub_of
from tests.support.model_server import ScriptedModel, When, scripted_model
from tests.support.onnx_models import write_sentence_model
from tests.support.source_tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.req("MODEL-1", "MODEL-2", "CARD-8")]

PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
COMMANDS = sorted(
    {
        (one or other).strip()
        for one, other in re.findall(r"^    codelab ([^#\n]+)|`codelab ([^`]+)`", PAGE, re.MULTILINE)
    }
)
SERVED = ["qwen3:8b", "qwen2.5-coder:14b", "NAME", "nomic-embed-text"]
GGUF = gguf_header({"general.architecture": "llama"}) + b"\0" * 2000
ON_THE_HUB = {
    "bartowski/Qwen2.5-Coder-7B-Instruct-GGUF/Qwen2.5-Coder-7B-Instruct-Q4_K_M.gguf": GGUF,
    "owner/repository/file.gguf": GGUF,
    "owner/repository/model-Q4_K_M.gguf": GGUF,
}


@pytest.fixture
def server() -> Iterator[ScriptedModel]:
    with scripted_model([When("one word ready").say("ready")], models=SERVED) as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ScriptedModel) -> Iterator[Path]:
    """A home with files of models, servers at the usual places, and a hub."""
    home = tmp_path / "home"
    write_gguf(home / "models/qwen2.5-coder-7b-instruct-q4_k_m.gguf", {"general.architecture": "qwen2"})
    write_gguf(home / "embedder.gguf", {"general.architecture": "bert", "bert.context_length": 512})
    write_sentence_model(home / "models/sentence-transformers/all-MiniLM-L6-v2", ["a", "b"])
    monkeypatch.setenv("HOME", str(home))
    for name in ("OLLAMA", "LM_STUDIO", "HOSTED_VLLM"):
        monkeypatch.setenv(f"{name}_API_BASE", server.base_url)
    with hub_of(ON_THE_HUB) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield home


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_runs(
    command: str, machine: Path, server: ScriptedModel, codelab_home: Path
) -> None:
    if command == "models test":
        asked = f'[models]\nendpoint = "{server.base_url}"\nchat = "qwen3:8b"\n'
        write_files(codelab_home, {"config/config.toml": asked})
    here = command.replace("/home/me", str(machine)).replace("/path/to", str(machine))
    ended = codelab(*shlex.split(here))
    assert ended.code == 0, ended.err
    if command.startswith("models use"):
        assert " uses " in ended.out
        role = shlex.split(command)[2]
        (row,) = [one for one in codelab("models", "--json").data["roles"] if one["role"] == role] or [{}]
        assert role == "chat" or (row["model"] and "error" not in row), row


def test_the_commands_are_found() -> None:
    assert {"models", "models test", "models use chat ollama/qwen3:8b", "models pull"} <= set(COMMANDS)
    assert len(COMMANDS) >= 15
