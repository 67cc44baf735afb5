"""From settings and environment to a model, and what is found where nothing is set."""

import subprocess
import sys
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError
from codelab_models.accounts.counted import CountedModel
from codelab_models.client import EndpointModel
from codelab_models.connect import HostModel, how_to_add_a_model, open_chat_model
from codelab_models.found import describe, find_keys
from codelab_models.providers import Access, access_for, provider_of
from codelab_models.wire import ChatRequest, Message
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.req("MODEL-2")

PLACES = Places(Path("/nowhere/config"), Path("/nowhere/data"), Path("/nowhere/cache"))
KEYS = {"OPENAI_API_KEY": "canary-openai", "ANTHROPIC_API_KEY": "canary-anthropic", "PATH": "/bin"}


def settings(**models: str) -> Settings:
    return Settings(models=ModelSettings.model_validate(models))


@pytest.mark.req("MODEL-5")
def test_with_nothing_configured_there_is_no_model_even_if_there_are_keys() -> None:
    assert open_chat_model(PLACES, Settings(), KEYS) is None
    assert "models.chat" in how_to_add_a_model()


def test_an_endpoint_goes_before_the_host() -> None:
    chosen = open_chat_model(PLACES, settings(endpoint="http://127.0.0.1:1", chat="m"), {})
    assert isinstance(chosen, CountedModel)
    assert isinstance(chosen.counted, EndpointModel)
    assert isinstance(open_chat_model(PLACES, settings(chat="openai/m"), {}), HostModel)


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"CODELAB_API_KEY": "a", "OPENAI_API_KEY": "b"}, "a"),
        ({"OPENAI_API_KEY": "b"}, "b"),
        ({"ANTHROPIC_API_KEY": "c"}, ""),
    ],
)
async def test_an_endpoint_gets_its_key_and_no_other(
    tmp_path: Path, environ: dict[str, str], key: str
) -> None:
    places = Places(tmp_path, tmp_path, tmp_path)
    async with scripted_model([When().say("hi")]) as server:
        model = open_chat_model(places, settings(endpoint=server.base_url, chat="m"), environ)
        assert model is not None
        async for _ in model.stream(ChatRequest((Message("user", "x"),))):
            pass
        assert server.requests[0].key == key


def test_a_model_gets_the_key_of_its_own_provider_only() -> None:
    assert access_for("openai/gpt-5", ModelSettings(), KEYS).api_key == "canary-openai"
    assert access_for("anthropic/x", ModelSettings(), KEYS).api_key == "canary-anthropic"
    assert access_for("claude-sonnet-4-5", ModelSettings(), KEYS).api_key == "canary-anthropic"
    assert access_for("mistral/x", ModelSettings(), KEYS) == Access()
    assert access_for("unheard_of/x", ModelSettings(), {"UNHEARD_OF_API_KEY": "k"}).api_key == "k"


def test_what_else_a_provider_needs_goes_along() -> None:
    azure = {"AZURE_API_BASE": "https://a", "AZURE_API_VERSION": "1", "AWS_REGION": "eu"}
    assert access_for("azure/x", ModelSettings(), azure).parameters == {
        "api_base": "https://a",
        "api_version": "1",
    }
    aws = {"AWS_REGION_NAME": "first", "AWS_REGION": "second"}
    assert access_for("bedrock/x", ModelSettings(), aws).parameters == {"aws_region_name": "first"}
    own = ModelSettings(api_base="http://own/v1")
    assert access_for("azure/x", own, azure).parameters["api_base"] == "http://own/v1"
    assert provider_of("ollama_chat/x").name == "ollama"


@pytest.mark.req("SAFE-7")
def test_keys_are_not_in_what_python_prints() -> None:
    access = access_for("openai/x", ModelSettings(), KEYS)
    endpoint = EndpointModel("http://127.0.0.1:1", api_key="canary-openai")
    assert "canary" not in f"{access!r} {endpoint!r} {endpoint.address!r}"


def test_a_wrong_endpoint_is_told_when_it_is_opened() -> None:
    with pytest.raises(ModelError, match=r"models\.endpoint"):
        open_chat_model(PLACES, settings(endpoint="http://["), {})


def test_a_face_imports_neither_litellm_nor_llama_cpp() -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import codelab_models.connect, codelab_models.start, codelab_models.found\n"
        "from codelab.config.settings import Settings\n"
        "from codelab.config.places import Places\n"
        "places = Places(Path('/n'), Path('/n'), Path('/n'))\n"
        "settings = Settings.model_validate({'models': {'chat': 'openai/x'}})\n"
        "assert codelab_models.connect.open_chat_model(places, settings, {})\n"
        "print({'litellm', 'llama_cpp', 'openai', 'starlette', 'uvicorn', 'httpx'} & set(sys.modules))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "set()"


# --- what is found -----------------------------------------------------------------------------------------


@pytest.mark.req("MODEL-5", "SAFE-7")
def test_keys_are_described_by_name_with_the_line_that_uses_them() -> None:
    lines = "\n".join(describe(Settings(), KEYS))
    assert "No model is configured" in lines
    assert "ANTHROPIC_API_KEY is set (Anthropic): `codelab models use chat" in lines
    assert "canary" not in lines
    assert find_keys({"OPENAI_API_KEY": ""}) == []


def test_what_is_used_is_described() -> None:
    assert "127.0.0.1:1" in describe(settings(endpoint="http://u:canary@127.0.0.1:1/v1"), {})[0]
    assert "canary" not in describe(settings(endpoint="http://u:canary@127.0.0.1:1/v1"), {})[0]
    lines = describe(settings(chat="anthropic/x"), {})
    assert "anthropic/x through the model host" in lines[0]
    assert "ANTHROPIC_API_KEY" in lines[1]
    assert len(describe(settings(chat="openai/x", api_base="http://h/v1"), {})) == 1
