"""From settings and what is reachable now to a model, with its reasons; what is known not to answer."""

import json
import socket
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import InputError, ModelError, NoModel
from codelab_models.choosing import ModelChooser, found_candidates, lent_candidate, named_models
from codelab_models.failures import FailureKind, ModelFailure
from codelab_models.found import FILES_SHOWN, find_everything, pulled_by_ollama
from codelab_models.local_models import files_in, model_folders
from codelab_models.memory import memory_bytes
from codelab_models.naming import as_setting
from codelab_models.providers import access_for
from codelab_models.registry.profile import Profile
from codelab_models.registry.select import CHAT_ROLES, Role, Task
from codelab_models.servers import Place, look_at, places_for
from codelab_models.unknown import unknown_model
from tests.support.gguf_file import Value, write_gguf
from tests.support.model_server import ScriptedModel, scripted_model

pytestmark = pytest.mark.req("MODEL-1", "MODEL-2")


def settings(**models: object) -> Settings:
    return Settings(models=ModelSettings.model_validate(models))


def places_in(folder: Path) -> Places:
    return Places(folder / "config", folder / "data", folder / "cache")


def at(server: ScriptedModel, provider: str = "OLLAMA") -> dict[str, str]:
    return {f"{provider}_API_BASE": server.base_url}


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/v1"


def chooser_for(folder: Path, named: Settings, environ: dict[str, str]) -> ModelChooser:
    return ModelChooser(places_in(folder), named, environ, seconds=30.0)


# --- what the settings name --------------------------------------------------------------------------------


def test_one_setting_serves_every_role_that_chats() -> None:
    models = ModelSettings(chat="openai/a")
    for role in (Role.PLANNING, Role.CODE, Role.FAST):
        assert named_models(role, models) == [("openai/a", "models.chat")]
    assert named_models(Role.EMBEDDING, models) == []
    assert named_models(Role.EMBEDDING, ModelSettings(embedding="e")) == [("e", "models.embedding")]
    assert named_models(Role.EMBEDDING, ModelSettings(embedding="none")) == []


def test_a_roles_own_model_goes_first_and_those_of_other_roles_last() -> None:
    models = ModelSettings(chat="chat", planning="big", code="coder", fallbacks=("spare", "chat"))
    assert named_models(Role.CODE, models) == [
        ("coder", "models.code"),
        ("chat", "models.chat"),
        ("spare", "models.fallbacks"),
        ("big", "models.planning"),
    ]


async def test_an_endpoint_is_asked_for_what_it_lists_first(tmp_path: Path) -> None:
    chooser = chooser_for(tmp_path, settings(endpoint=closed_port()), {})
    choice = await chooser.choose(Task(Role.CODE))
    assert choice.candidate is not None
    assert choice.model == ""
    named = chooser_for(tmp_path, settings(endpoint=closed_port(), chat="whatever it has"), {})
    assert (await named.choose(Task(Role.CODE))).model == "whatever it has"


async def test_the_persons_own_profile_decides(tmp_path: Path) -> None:
    profiles = tmp_path / "config" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "mine.toml").write_text('models = ["gpt-5-mini"]\ncontext = 3000\n')
    named = settings(code="openai/gpt-5-mini", chat="openai/gpt-5")
    choice = await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE, tokens=2000))
    assert choice.model == "openai/gpt-5"
    assert "do not fit into its context of 3,000" in choice.steps[0]
    (profiles / "mine.toml").write_text('models = ["gpt-5-mini"]\ncontext = "long"\n')
    with pytest.raises(InputError, match=r"mine\.toml is wrong"):
        await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE))


# --- what is reachable -------------------------------------------------------------------------------------


async def test_a_server_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    environ = {"OLLAMA_API_BASE": closed_port()}
    named = settings(code="ollama/qwen2.5-coder:14b", chat="openai/gpt-5")
    choice = await chooser_for(tmp_path, named, environ).choose(Task(Role.CODE))
    assert choice.model == "openai/gpt-5"
    assert (
        "models.code names ollama/qwen2.5-coder:14b, but Ollama does not run (nothing answers at http"
        in choice.steps[0]
    )


async def test_the_only_model_whose_server_does_not_run_is_told_at_once(tmp_path: Path) -> None:
    environ = {"OLLAMA_API_BASE": closed_port()}
    chooser = chooser_for(tmp_path, settings(chat="ollama/x"), environ)
    with pytest.raises(ModelFailure, match=r"Ollama does not run.*`ollama serve`") as told:
        await chooser.choose(Task(Role.CODE))
    assert told.value.kind is FailureKind.UNREACHABLE


async def test_a_model_that_ollama_does_not_have_is_told_at_once(tmp_path: Path) -> None:
    async with scripted_model([], models=["qwen3:8b", "llama3:latest"]) as server:
        chooser = chooser_for(tmp_path, settings(chat="ollama/qwen3:14b"), at(server))
        with pytest.raises(NoModel, match=r"no model 'qwen3:14b'.*has qwen3:8b.*ollama pull qwen3:14b"):
            await chooser.choose(Task(Role.CODE))
        for there in ("qwen3:8b", "llama3"):
            chooser = chooser_for(tmp_path, settings(chat=f"ollama/{there}"), at(server))
            assert (await chooser.choose(Task(Role.CODE))).model == f"ollama/{there}"


async def test_a_server_that_is_slow_is_not_taken_for_one_that_is_down(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environ = {"OLLAMA_API_BASE": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        chooser = ModelChooser(places_in(tmp_path), settings(chat="ollama/x"), environ, seconds=0.05)
        assert (await chooser.choose(Task(Role.CODE))).model == "ollama/x"


async def test_a_server_elsewhere_is_not_asked_whether_it_runs(tmp_path: Path) -> None:
    environ = {"OLLAMA_API_BASE": "http://models.example:11434"}
    chooser = chooser_for(tmp_path, settings(chat="ollama/x"), environ)
    assert (await chooser.choose(Task(Role.CODE))).model == "ollama/x"
    assert "models.example" not in {place.base_url for place in places_for(environ)}


async def test_what_a_server_says_of_its_models_counts(tmp_path: Path) -> None:
    listed = {"data": [{"id": "m", "max_model_len": 4096, "owned_by": "vllm"}, {"no": "id"}, 7]}
    async with scripted_model([]) as server:
        server.models_body = json.dumps(listed)
        chooser = chooser_for(tmp_path, settings(chat="hosted_vllm/m"), at(server, "HOSTED_VLLM"))
        choice = await chooser.choose(Task(Role.CODE))
    assert choice.candidate is not None
    assert choice.candidate.profile.context == 4096


async def test_a_file_is_known_by_its_header_and_told_when_it_is_gone(tmp_path: Path) -> None:
    header = {"general.architecture": "qwen2", "qwen2.context_length": 5120}
    file = write_gguf(tmp_path / "some.gguf", dict(header))
    named = settings(code=f"gguf:{file}", chat="openai/gpt-5")
    choice = await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE, tokens=1000))
    assert choice.candidate is not None
    assert (choice.candidate.profile.context, choice.candidate.file_bytes) == (5120, file.stat().st_size)
    assert (
        await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE, tokens=4000))
    ).model == "openai/gpt-5"
    file.unlink()
    assert (await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE))).model == "openai/gpt-5"
    with pytest.raises(NoModel, match=r"There is no file .*some\.gguf"):
        await chooser_for(tmp_path, settings(chat=f"gguf:{file}"), {}).choose(Task(Role.CODE))


async def test_a_file_in_a_folder_for_models_is_known_by_its_name(tmp_path: Path) -> None:
    header: dict[str, Value] = {"general.architecture": "qwen2", "qwen2.context_length": 5000}
    first = write_gguf(tmp_path / "own/big-00001-of-00002.gguf", header)
    second = write_gguf(tmp_path / "own/big-00002-of-00002.gguf", header)
    folder = str(first.parent)
    named = settings(code="local/big", local_folders=[folder], local_context=4000)
    choice = await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE))
    assert choice.candidate is not None
    assert choice.candidate.profile.context == 4000 - 4000 % 256
    assert choice.candidate.file_bytes == first.stat().st_size + second.stat().st_size
    gone = settings(code="local/gone", chat="openai/gpt-5", local_folders=[folder])
    passed = await chooser_for(tmp_path, gone, {}).choose(Task(Role.CODE))
    assert passed.model == "openai/gpt-5"
    assert "models.code names local/gone, but " in passed.steps[0]
    with pytest.raises(NoModel, match=r"no model file 'gone'.*There are big"):
        await chooser_for(tmp_path, settings(chat="local/gone", local_folders=[folder]), {}).choose(
            Task(Role.CODE)
        )
    second.unlink()
    with pytest.raises(NoModel, match=r"There is no file .*big-00002-of-00002\.gguf"):
        await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE))


async def test_a_file_that_the_memory_cannot_hold_is_passed_over_with_the_figures(tmp_path: Path) -> None:
    header: dict[str, Value] = {"general.architecture": "llama", "llama.context_length": 8192}
    file = write_gguf(tmp_path / "large.gguf", header)
    named = settings(planning=f"gguf:{file}", chat="openai/gpt-5", local_memory_gb=0.05)
    choice = await chooser_for(tmp_path, named, {}).choose(Task(Role.PLANNING))
    assert choice.model == "openai/gpt-5"
    assert (
        "but large.gguf is too large for this machine (it wants 0.1 GB of memory, and local models may have"
        in choice.steps[0]
    )
    only = settings(chat=f"gguf:{file}", local_memory_gb=0.05)
    with pytest.raises(ModelError, match=r"large\.gguf is too large for this machine"):
        await chooser_for(tmp_path, only, {}).choose(Task(Role.CODE))


async def test_a_file_that_is_cut_off_is_told_before_it_is_asked(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "cut.gguf", {"general.architecture": "llama"})
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ModelError, match="It ends too early"):
        await chooser_for(tmp_path, settings(chat=f"gguf:{file}"), {}).choose(Task(Role.CODE))


async def test_what_an_endpoint_says_of_its_models_counts(tmp_path: Path) -> None:
    listed = {"data": [{"id": "m", "max_model_len": 4096}, {"id": "n", "context_length": 9000}]}
    async with scripted_model([]) as server:
        server.models_body = json.dumps(listed)
        for name, context in (("", 4096), ("m", 4096), ("n", 9000), ("unlisted", 0)):
            named = settings(endpoint=server.base_url, chat=name)
            choice = await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE))
            assert choice.candidate is not None
            assert choice.candidate.profile.context == context


async def test_an_endpoint_that_lists_nothing_is_asked_all_the_same(tmp_path: Path) -> None:
    named = settings(endpoint=closed_port(), chat="m")
    choice = await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE))
    assert (choice.model, len(choice.steps)) == ("m", 1)


async def test_a_model_that_the_client_lends_is_asked_where_none_is_named(tmp_path: Path) -> None:
    offered = lent_candidate("Neovim", Profile(context=9000))
    lent = ModelChooser(places_in(tmp_path), settings(), {}, lent=offered)
    choice = await lent.choose(Task(Role.CODE))
    assert (choice.model, choice.candidate) == ("editor", offered)
    assert choice.steps == (
        "Neovim lends editor, the only one that was found: native tool calls, 9,000 tokens of context.",
    )
    assert (await lent.choose(Task(Role.EMBEDDING))).candidate is None
    named = ModelChooser(places_in(tmp_path), settings(chat="openai/gpt-5"), {}, lent=offered)
    choice = await named.choose(Task(Role.CODE))
    assert (choice.model, choice.others) == ("openai/gpt-5", ())
    first = ModelChooser(places_in(tmp_path), settings(chat="editor"), {}, lent=offered)
    choice = await first.choose(Task(Role.CODE))
    assert choice.candidate is not None
    assert choice.candidate.profile.context == 9000


async def test_a_lent_model_that_a_setting_names_and_nobody_lends_is_passed_over(tmp_path: Path) -> None:
    named = settings(chat="editor", fallbacks=["openai/gpt-5"])
    choice = await chooser_for(tmp_path, named, {}).choose(Task(Role.CODE))
    assert choice.model == "openai/gpt-5"
    assert "but the editor lends no model (nobody who is connected here has offered one)" in choice.steps[0]
    with pytest.raises(NoModel, match="The editor lends no model"):
        await chooser_for(tmp_path, settings(chat="editor"), {}).choose(Task(Role.CODE))


# --- auto --------------------------------------------------------------------------------------------------


async def test_auto_takes_what_suits_each_role_of_what_this_machine_has(tmp_path: Path) -> None:
    names = ["qwen2.5-coder:14b", "qwen3:32b", "qwen2.5:3b", "nomic-embed-text:latest"]
    async with scripted_model([], models=names) as server:
        chooser = chooser_for(tmp_path, settings(chat="auto"), at(server))
        chosen = {role: (await chooser.choose(Task(role))).model for role in CHAT_ROLES}
    assert chosen == {
        Role.PLANNING: "ollama/qwen3:32b",
        Role.CODE: "ollama/qwen2.5-coder:14b",
        Role.FAST: "ollama/qwen2.5:3b",
    }


async def test_auto_never_goes_to_a_provider_because_its_key_is_there(tmp_path: Path) -> None:
    environ = {"OPENAI_API_KEY": "canary", "OLLAMA_API_BASE": closed_port()}
    choice = await chooser_for(tmp_path, settings(chat="auto"), environ).choose(Task(Role.CODE))
    assert choice.model.partition("/")[0] not in ("openai",)


# --- what is found -----------------------------------------------------------------------------------------


async def test_everything_on_this_machine_is_found_at_once(tmp_path: Path) -> None:
    write_gguf(tmp_path / "models/a.gguf", {"general.architecture": "llama"})
    async with scripted_model([], models=["x", "y"]) as server:
        environ = {**at(server), "LM_STUDIO_API_BASE": closed_port(), "ANTHROPIC_API_KEY": "canary"}
        found = await find_everything(
            environ, tmp_path, places_in(tmp_path / "own"), ModelSettings(), seconds=30.0
        )
    assert [one.kind for one in found.found][:1] == ["key"]
    ollama = next(one for one in found.found if one.name.startswith("Ollama runs"))
    assert ollama.models == ("ollama/x", "ollama/y")
    assert ollama.adds == "codelab models use chat 'ollama/x'"
    file = next(one for one in found.found if one.kind == "file")
    assert file.models == (f"gguf:{tmp_path / 'models/a.gguf'}",)
    assert "canary" not in str(found)
    candidates = found_candidates(found, Role.CODE, ModelSettings())
    assert {one.model for one in candidates} >= {"ollama/x", "ollama/y"}


async def test_what_only_embeds_is_suggested_for_vectors(tmp_path: Path) -> None:
    header: dict[str, Value] = {"general.architecture": "bert", "bert.context_length": 512}
    file = write_gguf(tmp_path / "models/embeds.gguf", header)
    async with scripted_model([], models=["nomic-embed-text", "qwen3:8b"]) as server:
        environ = {**at(server), **at(server, "LM_STUDIO"), "HOSTED_VLLM_API_BASE": closed_port()}
        found = await find_everything(environ, tmp_path, places_in(tmp_path), ModelSettings(), seconds=30.0)
    adds = {one.name.partition(" ")[0]: one.adds for one in found.found}
    assert adds["Ollama"] == "codelab models use chat 'ollama/qwen3:8b'"
    assert adds[str(file)] == f"codelab models use embedding 'gguf:{file}'"


async def test_a_server_without_a_model_says_how_it_gets_one(tmp_path: Path) -> None:
    async with scripted_model([], models=[]) as server:
        environ = {**at(server), **at(server, "LM_STUDIO"), "HOSTED_VLLM_API_BASE": closed_port()}
        found = await find_everything(environ, tmp_path, places_in(tmp_path), ModelSettings(), seconds=30.0)
    assert {one.adds for one in found.found if "has no model" in one.name} == {
        "ollama pull qwen2.5-coder:7b",
        "load a model in LM Studio",
    }


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", '{"data": 7}', '{"data": null}', '{"error": "no"}', "x" * 3_000_000]
)
async def test_what_is_no_model_server_is_passed_by(body: str) -> None:
    async with scripted_model([]) as server:
        server.models_body = body
        (looked,) = await look_at([Place("X", "x", server.base_url)], seconds=30.0)
    assert looked.models == ()
    assert "sends no list of models" in looked.trouble
    assert not looked.absent


async def test_a_port_that_says_nothing_is_left_alone_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        (looked,) = await look_at([Place("Silent", "", url)], seconds=0.05)
    assert "said nothing for 0.05 s" in looked.trouble


def test_models_that_ollama_keeps_are_told_by_their_names(tmp_path: Path) -> None:
    manifests = tmp_path / ".ollama/models/manifests/registry.ollama.ai"
    model = {"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:1"}]}
    for path, content in {
        "library/qwen3/8b": json.dumps(model),
        "me/own/latest": json.dumps(model),
        "library/broken/1b": "{",
        "library/adapter/1b": json.dumps({"layers": [{"mediaType": "x.adapter"}]}),
    }.items():
        (manifests / path).parent.mkdir(parents=True, exist_ok=True)
        (manifests / path).write_text(content)
    assert pulled_by_ollama(tmp_path, {}) == ["qwen3:8b", "me/own:latest"]
    elsewhere = {"OLLAMA_MODELS": str(tmp_path / ".ollama/models")}
    assert len(pulled_by_ollama(tmp_path / "home", elsewhere)) == 2
    assert pulled_by_ollama(tmp_path / "home", {}) == []


def test_model_files_in_the_usual_folders_are_found(tmp_path: Path) -> None:
    for name in ("models/a.gguf", ".lmstudio/models/x/y/B.GGUF", "models/notes.txt", "elsewhere/c.gguf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    folders = model_folders(tmp_path, tmp_path / "own", [])
    assert [path.name for path in files_in(folders, FILES_SHOWN)] == ["a.gguf", "B.GGUF"]
    more = model_folders(tmp_path, tmp_path / "own", [str(tmp_path / "elsewhere")])
    assert [path.name for path in files_in(more, FILES_SHOWN)] == ["c.gguf", "a.gguf", "B.GGUF"]
    for number in range(50):
        (tmp_path / "models" / f"{number}.gguf").touch()
    assert len(list(files_in(folders, FILES_SHOWN))) == FILES_SHOWN == 20


async def test_a_folder_that_the_settings_name_is_looked_in(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "elsewhere/c.gguf", {"general.architecture": "llama"})
    named = ModelSettings(local_folders=(str(file.parent),))
    found = await find_everything({}, tmp_path, places_in(tmp_path), named, seconds=0.05)
    assert found.files == (file,)
    assert (
        await find_everything({}, tmp_path, places_in(tmp_path), ModelSettings(), seconds=0.05)
    ).files == ()


@pytest.mark.req("SAFE-7")
def test_what_is_meant_for_this_machine_goes_nowhere_else() -> None:
    # Without a base litellm would ask api.openai.com for these.
    for model in ("lm_studio/x", "hosted_vllm/x"):
        base = access_for(model, ModelSettings(), {}).parameters["api_base"]
        assert base.startswith("http://127.0.0.1:")
    own = {"LM_STUDIO_API_BASE": "http://other/v1"}
    assert access_for("lm_studio/x", ModelSettings(), own).parameters["api_base"] == "http://other/v1"


def test_the_memory_of_this_machine_is_known() -> None:
    assert memory_bytes() > 10**8


# --- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        "openai/anything-new",
        "ollama/x",
        "gpt-5-mini",
        "ft:gpt-4o:me",
        "gguf:/x",
        "local/x",
        "editor",
        "auto",
        "",
    ],
)
def test_a_model_that_may_exist_is_left_to_its_provider(model: str) -> None:
    assert unknown_model(model) is None


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("nonsense", "No provider is known for the model 'nonsense'. Its name says no provider. Name its"),
        ("opnai/gpt-5", "There is no provider 'opnai'"),
        ("gpt-5-minni", "Did you mean gpt-5-mini"),
    ],
)
def test_a_model_that_no_provider_can_have_is_told_before_anything_is_started(model: str, why: str) -> None:
    told = unknown_model(model)
    assert isinstance(told, NoModel)
    assert why in str(told)


async def test_an_unknown_model_is_passed_over_and_told_where_it_is_the_only_one(tmp_path: Path) -> None:
    chooser = chooser_for(tmp_path, settings(chat="nonsense", planning="openai/gpt-5"), {})
    assert (await chooser.choose(Task(Role.CODE))).model == "openai/gpt-5"
    with pytest.raises(ModelError, match="No provider is known for the model 'nonsense'"):
        await chooser_for(tmp_path, settings(chat="nonsense"), {}).choose(Task(Role.CODE))


def test_what_a_person_types_becomes_the_name_of_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_gguf(tmp_path / "m.gguf", {"general.architecture": "llama"})
    monkeypatch.chdir(tmp_path)
    assert as_setting("code", str(file), [tmp_path]) == f"gguf:{file}"
    assert as_setting("code", "m.gguf", [tmp_path]) == f"gguf:{file}"
    assert as_setting("code", f"gguf:{file}", [tmp_path]) == f"gguf:{file}"
    assert as_setting("code", "local/m", [tmp_path]) == "local/m"
    assert as_setting("code", "local/m.gguf", [tmp_path]) == "local/m"
    with pytest.raises(NoModel, match="no model file 'gone'"):
        as_setting("code", "local/gone", [tmp_path])
    assert as_setting("code", " ollama/x ", [tmp_path]) == "ollama/x"
    assert (
        as_setting("code", "none", [tmp_path]),
        as_setting("embedding", "none", [tmp_path]),
        as_setting("embedding", "", [tmp_path]),
    ) == (
        "",
        "none",
        "",
    )
    with pytest.raises(InputError, match=r"no file .*gone\.gguf"):
        as_setting("code", "gone.gguf", [tmp_path])
    with pytest.raises(NoModel):
        as_setting("code", "nonsense", [tmp_path])
    assert as_setting("embedding", "auto", [tmp_path]) == "auto"
