"""``codelab models``: what there is, what each role uses, choosing, trying and getting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bench import write_files
from tests.support.command_line import codelab
from tests.support.gguf_file import gguf_header
from tests.support.hub_server import Hub, hub_of
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.req("MODEL-1", "MODEL-2")

CONFIG = "config/config.toml"
CLOSED = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give a home without models, and no servers at the usual ports."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("OLLAMA", "LM_STUDIO", "HOSTED_VLLM"):
        monkeypatch.setenv(f"{name}_API_BASE", CLOSED)
    return home


def role(data: dict[str, list[dict[str, object]]], name: str) -> dict[str, object]:
    return next(one for one in data["roles"] if one["role"] == name)


def test_with_nothing_at_hand_it_says_what_each_role_does_without() -> None:
    data = codelab("models", "--json").data
    assert [one["role"] for one in data["roles"]] == ["planning", "code", "fast", "embedding"]
    assert role(data, "code")["model"] == ""
    assert role(data, "code")["steps"] == ["No model is named or found for code."]
    assert role(data, "embedding")["model"] == "bundled"
    assert "docs/models.md" in codelab("models").out or data["found"]


@pytest.mark.req("SAFE-7")
def test_what_is_found_and_what_is_used_are_shown_with_reasons(
    monkeypatch: pytest.MonkeyPatch, bare_machine: Path, codelab_home: Path
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary")
    write_files(bare_machine, {"models/notes.txt": ""})
    (bare_machine / "models/Qwen2.5-3B.gguf").write_bytes(gguf_header({"general.architecture": "qwen2"}))
    write_files(codelab_home, {CONFIG: '[models]\nchat = "openai/gpt-5-mini"\nplanning = "anthropic/x"\n'})
    shown = codelab("models")
    assert "models.planning names anthropic/x: native tool calls" in shown.out
    assert "models.chat names openai/gpt-5-mini, as nothing else is set for code" in shown.out
    assert "ANTHROPIC_API_KEY is set (Anthropic)" in shown.out
    assert "Qwen2.5-3B.gguf" in shown.out
    assert "canary" not in shown.out + shown.err
    data = codelab("models", "list", "--json").data
    assert role(data, "planning")["others"] == ["openai/gpt-5-mini"]
    capabilities = role(data, "code")["capabilities"]
    assert isinstance(capabilities, dict)
    assert capabilities["context"] == 272000


def test_a_model_that_cannot_answer_is_shown_with_what_to_do(codelab_home: Path) -> None:
    write_files(codelab_home, {CONFIG: '[models]\nchat = "ollama/x"\nfast = "nonsense"\n'})
    data = codelab("models", "--json").data
    assert "Ollama does not run" in str(role(data, "code")["error"])
    assert "ollama serve" in codelab("models").out


def test_use_writes_the_setting_and_leaves_the_rest_of_the_file(codelab_home: Path) -> None:
    before = '# mine\n[models]\nchat = "openai/a"  # the usual one\n\n[run]\niterations = 3\n'
    write_files(codelab_home, {CONFIG: before})
    assert codelab("models", "use", "planning", "openai/b").out == "planning uses openai/b now.\n"
    assert codelab("models", "use", "chat", "openai/c", "--json").data["model"] == "openai/c"
    text = (codelab_home / CONFIG).read_text()
    assert 'chat = "openai/c"  # the usual one' in text
    assert 'planning = "openai/b"' in text
    assert "# mine" in text and "iterations = 3" in text
    assert codelab("models", "use", "planning", "none").out == "planning has no model of its own now.\n"
    assert 'planning = ""' in (codelab_home / CONFIG).read_text()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("thinking", "openai/x"), "There is no role 'thinking'"),
        (("code", "nonsense"), "No provider is known for the model 'nonsense'"),
        (("code", "gone.gguf"), "There is no file gone.gguf"),
    ],
)
def test_a_wrong_choice_changes_nothing_and_is_told(
    arguments: tuple[str, str], why: str, codelab_home: Path
) -> None:
    ended = codelab("models", "use", *arguments)
    assert ended.code in (2, 4)
    assert why in ended.err
    assert not (codelab_home / CONFIG).exists()


def test_auto_for_vectors_becomes_the_name_of_the_best_embedder_once(
    monkeypatch: pytest.MonkeyPatch, codelab_home: Path
) -> None:
    ended = codelab("models", "use", "embedding", "auto")
    assert (ended.code, ended.out) == (0, "embedding has no model of its own now.\n")
    assert "No embedder was found on this machine: the bundled one is used." in ended.err
    names = ["qwen2.5:3b", "nomic-embed-text:latest", "mxbai-embed-large:latest"]
    with scripted_model([], models=names) as server:
        monkeypatch.setenv("OLLAMA_API_BASE", server.base_url)
        ended = codelab("models", "use", "embedding", "auto")
        assert ended.out == "embedding uses ollama/nomic-embed-text:latest now.\n"
        assert "Ollama has ollama/nomic-embed-text:latest, the best for embedding of 2" in ended.err
        assert "are made anew" in ended.err
        data = codelab("models", "--json").data
    assert role(data, "embedding")["model"] == "ollama/nomic-embed-text:latest"
    assert 'embedding = "ollama/nomic-embed-text:latest"' in (codelab_home / CONFIG).read_text()


def test_auto_for_vectors_is_no_setting_and_no_wish_to_an_endpoint(codelab_home: Path) -> None:
    for arguments in (("config", "set", "models.embedding", "auto"), ("models", "use", "embedding", "auto")):
        write_files(codelab_home, {CONFIG: '[models]\nendpoint = "http://127.0.0.1:9/v1"\n'})
        ended = codelab(*arguments)
        assert ended.code == 2
    assert "models.endpoint` names a server" in ended.err
    write_files(codelab_home, {CONFIG: '[models]\nembedding = "auto"\n'})
    told = codelab("status").err
    assert "models.embedding cannot have this value" in told
    assert "`codelab models use embedding auto`" in told
    assert "Value error" not in told


def test_settings_that_cannot_be_written_are_told(codelab_home: Path) -> None:
    write_files(codelab_home, {"config": "a file"})
    ended = codelab("models", "use", "code", "openai/x")
    assert (ended.code, ended.out) == (2, "")
    assert "config.toml" in ended.err


def test_each_role_is_asked_once_and_timed(codelab_home: Path) -> None:
    with scripted_model([When("one word ready").say("ready").usage(9, 1)]) as server:
        more = f'[models]\nendpoint = "{server.base_url}"\nchat = "a"\nplanning = "b"\n'
        write_files(codelab_home, {CONFIG: more})
        data = codelab("models", "test", "--json").data
        assert data["ok"] is True
        assert [one["model"] for one in data["roles"]] == ["b", "a", "a", "bundled"]
        assert all(one["seconds"] >= 0 for one in data["roles"])
        assert len(server.requests) == 2
        assert "first token after" in codelab("models", "test").out


def test_a_role_whose_model_fails_is_told_and_the_others_are_asked_all_the_same(codelab_home: Path) -> None:
    with scripted_model([When(times=1).status(400, "no such thing"), When().say("ready")]) as server:
        more = f'[models]\nendpoint = "{server.base_url}"\nchat = "a"\nplanning = "b"\n'
        write_files(codelab_home, {CONFIG: more})
        ended = codelab("models", "test", "--json")
    assert ended.code == 4
    assert [one["ok"] for one in ended.data["roles"]] == [False, True, True, True]
    assert "no such thing" in ended.data["roles"][0]["error"]


def test_without_a_model_the_test_says_how_to_get_one() -> None:
    ended = codelab("models", "test")
    assert ended.code == 4
    assert "No model is set for code" in ended.out
    assert "embedding  bundled: a vector after" in ended.out


# --- pull --------------------------------------------------------------------------------------------------

NAME = "owner/Repo-GGUF/Model-Q4_K_M.gguf"
MODEL = gguf_header({"general.architecture": "llama"}) + b"\0" * 5000


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_of({NAME: MODEL}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
        yield running


@pytest.mark.req("MODEL-6")
def test_pull_without_a_name_lists_the_names() -> None:
    names = {one["name"] for one in codelab("models", "pull", "--json").data}
    assert {"qwen3.5-27b", "qwen2.5-coder-32b", "qwen2.5-14b"} <= names
    assert "8 GB of memory" in codelab("models", "pull").out


def test_pull_downloads_a_file_and_says_how_to_use_it(hub: Hub, codelab_home: Path) -> None:
    ended = codelab("models", "pull", NAME)
    path = codelab_home / "cache/models" / NAME
    assert (ended.code, ended.out) == (0, f"{path}\n")
    assert path.read_bytes() == MODEL
    assert "100 %" in ended.err or "downloading" not in ended.err
    assert f"codelab models use code gguf:{path}" in ended.err
    assert codelab("models", "pull", NAME, "--json").data["model"] == f"gguf:{path}"
    found = codelab("models", "--json").data["found"]
    assert any(str(path) in one["name"] for one in found)
    assert codelab("models", "use", "code", str(path)).code == 0


def test_a_hub_that_refuses_ends_the_command_with_one_message(hub: Hub) -> None:
    hub.status = 500
    ended = codelab("models", "pull", NAME)
    assert ended.code == 4
    assert "refuses" in ended.err
    assert "Traceback" not in ended.err


def test_a_server_without_a_named_model_is_asked_for_its_first_and_told_where_it_is_down(
    codelab_home: Path,
) -> None:
    with scripted_model([]) as server:
        write_files(codelab_home, {CONFIG: f'[models]\nendpoint = "{server.base_url}"\n'})
        data = codelab("models", "--json").data
        listed = role(data, "code")["listed"]
        assert listed and "error" not in role(data, "code")
        assert f"{listed} (the first model that the server lists)" in codelab("models").out
    write_files(codelab_home, {CONFIG: f'[models]\nendpoint = "{CLOSED}"\n'})
    assert "listed" not in role(codelab("models", "--json").data, "code")
    assert "127.0.0.1:9" in codelab("models").out.split("the first model that it lists", 1)[1]
