"""Model servers on this machine: where they are, and what they say of their models in an API of their own."""

import json
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import NoModel
from codelab_models.choosing import ModelChooser
from codelab_models.found import find_everything
from codelab_models.ollama_host import base_of_host
from codelab_models.providers import access_for
from codelab_models.registry.select import Role, Task
from codelab_models.servers import Place, look_at, places_for
from tests.support.model_server import scripted_model

pytestmark = pytest.mark.req("MODEL-1", "MODEL-2")


def chooser_for(folder: Path, environ: dict[str, str], **models: object) -> ModelChooser:
    settings = Settings(models=ModelSettings.model_validate(models))
    places = Places(folder / "config", folder / "data", folder / "cache")
    return ModelChooser(places, settings, environ, seconds=30.0)


def shown(*can: str, trained: int = 32_768, parameters: str = "") -> dict[str, object]:
    """Return what Ollama's ``/api/show`` says, as its documentation has it."""
    info = {"general.architecture": "qwen2", "qwen2.context_length": trained, "qwen2.block_count": 28}
    return {"parameters": parameters, "capabilities": list(can), "model_info": info}


SHOWN = {
    "plain": (shown("completion", "tools"), {"context": 4096, "calls": "native", "vision": False}),
    "no tools": (shown("completion", "vision"), {"calls": "json", "vision": True, "chat": True}),
    "thinks and fills gaps": (
        shown("completion", "tools", "thinking", "insert"),
        {"reasoning": True, "fill_in_the_middle": True},
    ),
    "made for less": (shown("completion", trained=2048), {"context": 2048}),
    "given more": (shown("completion", parameters='stop "<|end|>"\nnum_ctx    16384'), {"context": 16_384}),
    "an embedder": (shown("embedding", trained=512), {"chat": False, "embedding": True, "context": 512}),
    "of before capabilities": ({"model_info": {}}, {"context": 4096}),
    "odd": ({"model_info": [], "capabilities": "all", "parameters": 7}, {"context": 4096}),
}


@pytest.mark.parametrize("name", SHOWN)
async def test_ollama_is_asked_what_its_models_can_do(name: str) -> None:
    said, wanted = SHOWN[name]
    async with scripted_model([], models=["m:7b"]) as server:
        server.own_api = {"/api/show m:7b": said}
        (found,) = await look_at([Place("Ollama", "ollama", server.base_url)], seconds=30.0)
    assert found.facts["m:7b"].items() >= wanted.items()


async def test_the_context_that_a_model_is_loaded_with_counts_and_is_kept_to(tmp_path: Path) -> None:
    async with scripted_model([], models=["m:7b"]) as server:
        server.own_api = {"/api/show m:7b": shown("completion", parameters="num_ctx 8192")}
        named = {"chat": "ollama/m:7b", "fallbacks": ["openai/gpt-5"]}
        environ = {"OLLAMA_API_BASE": server.base_url}
        task = Task(Role.CODE, tokens=12_000)
        choice = await chooser_for(tmp_path, environ, **named).choose(task)
        assert choice.model == "openai/gpt-5"
        assert "its context of 8,192" in choice.steps[0]
        server.own_api["/api/ps"] = {"models": [{"model": "m:7b", "context_length": 32_768}]}
        assert (await chooser_for(tmp_path, environ, **named).choose(task)).model == "ollama/m:7b"


async def test_a_person_is_told_of_the_little_context_that_ollama_gives(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path, tmp_path)
    async with scripted_model([], models=["m:7b"]) as server:
        environ = {"OLLAMA_HOST": f"127.0.0.1:{server.port}"}
        for parameters, told in (("", True), ("num_ctx 16384", False)):
            server.own_api = {"/api/show m:7b": shown("completion", parameters=parameters)}
            found = (await find_everything(environ, tmp_path, places, ModelSettings(), seconds=30.0)).found
            (advice,) = (one.advice for one in found if one.name.startswith("Ollama"))
            assert ("4,096" in advice and "OLLAMA_CONTEXT_LENGTH" in advice) is told


async def test_an_ollama_without_that_api_is_found_all_the_same() -> None:
    async with scripted_model([], models=["m:7b"]) as server:
        (found,) = await look_at([Place("Ollama", "ollama", server.base_url)], seconds=30.0)
    assert (found.models, found.trouble) == (("m:7b",), "")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ""),
        ("127.0.0.1:9999", "http://127.0.0.1:9999"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8888", "http://127.0.0.1:8888"),
        (":8888", "http://127.0.0.1:8888"),
        ("gpu-box", "http://gpu-box:11434"),
        ("http://gpu-box", "http://gpu-box:80"),
        ("https://gpu-box/", "https://gpu-box:443"),
        ("'http://gpu-box:1/'", "http://gpu-box:1"),
        ("[::1]:1234", "http://[::1]:1234"),
        ("::1", "http://[::1]:11434"),
        ("[::]", "http://[::1]:11434"),
        ("gpu-box:many", ""),
    ],
)
def test_the_address_of_ollama_is_read_as_ollama_reads_it(written: str, meant: str) -> None:
    environ = {"OLLAMA_HOST": written}
    assert base_of_host(environ) == meant
    parameters = access_for("ollama/x", ModelSettings(), environ).parameters
    assert parameters == ({"api_base": meant} if meant else {})
    own = {**environ, "OLLAMA_API_BASE": "http://own:1"}
    assert access_for("ollama/x", ModelSettings(), own).parameters == {"api_base": "http://own:1"}


async def test_an_ollama_elsewhere_is_not_looked_for_and_one_at_another_port_is(tmp_path: Path) -> None:
    assert "Ollama" not in {place.title for place in places_for({"OLLAMA_HOST": "gpu-box"})}
    async with scripted_model([], models=["m:7b"]) as server:
        environ = {"OLLAMA_HOST": f"0.0.0.0:{server.port}"}
        chooser = chooser_for(tmp_path, environ, chat="ollama/other")
        with pytest.raises(NoModel, match="has m:7b"):
            await chooser.choose(Task(Role.CODE))


async def test_lm_studio_says_what_its_models_are() -> None:
    listed = [
        {"id": "a", "type": "llm", "max_context_length": 131_072, "capabilities": ["tool_use"]},
        {"id": "b", "type": "vlm", "max_context_length": 32_768, "loaded_context_length": 8192},
        {"id": "c", "type": "embeddings", "max_context_length": 2048, "state": "not-loaded"},
    ]
    async with scripted_model([], models=["a", "b", "c", "d"]) as server:
        place = Place("LM Studio", "lm_studio", server.base_url)
        server.own_api = {"/api/v0/models": {"object": "list", "data": listed}}
        (found,) = await look_at([place], seconds=30.0)
        server.own_api = {}
        (older,) = await look_at([place], seconds=30.0)
    assert found.facts["a"].items() >= {"calls": "native", "context": 131_072}.items()
    assert found.facts["b"].items() >= {"vision": True, "context": 8192}.items()
    assert found.facts["c"].items() >= {"chat": False, "embedding": True, "context": 2048}.items()
    assert found.facts["d"] == {}
    assert older.models == ("a", "b", "c", "d")


async def test_a_server_at_the_port_of_vllm_that_is_another_is_not_called_so() -> None:
    async with scripted_model([], models=["m"]) as server:
        place = Place("vLLM", "hosted_vllm", server.base_url)
        (other,) = await look_at([place], seconds=30.0)
        server.models_body = json.dumps({"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 4096}]})
        (itself,) = await look_at([place], seconds=30.0)
    assert (other.place.title, itself.place.title) == ("A server", "vLLM")
    assert other.named("m") == itself.named("m") == "hosted_vllm/m"
