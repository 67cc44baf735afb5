"""What is known of a model: from its family, litellm's map, a GGUF header, a server, and the person."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from codelab.core.errors import InputError, ModelError
from codelab_models.gguf import read_gguf
from codelab_models.registry.describe import gguf_facts, profile_of
from codelab_models.registry.families import known_families, own_families, read_family
from codelab_models.registry.known_models import is_known, known_providers, map_facts, similar_models
from codelab_models.registry.profile import Profile, in_words, profile_from
from tests.support.gguf_file import gguf_header, write_gguf

pytestmark = pytest.mark.req("MODEL-1")


@pytest.mark.parametrize(
    ("model", "family", "calls", "code", "context"),
    [
        ("ollama/qwen2.5-coder:14b", "qwen-coder", "json", True, 32768),
        ("openai/Qwen2.5_Coder-32B-Instruct", "qwen-coder", "text", True, 32768),
        ("Qwen3.5-27B-Q4_K_M.gguf", "qwen", "native", True, 262144),
        ("hosted_vllm/meta-llama/Meta-Llama-3.1-8B-Instruct", "llama", "native", False, 131072),
        ("ollama/llama3.3:70b", "llama", "native", False, 131072),
        ("lm_studio/gemma-3-12b-it", "gemma", "json", False, 131072),
        ("openrouter/deepseek/deepseek-r1-distill-qwen-14b", "deepseek", "text", True, 131072),
        ("bedrock/eu.anthropic.claude-sonnet-9-v1:0", "claude", "native", True, 200000),
        ("groq/openai/gpt-oss-999b", "gpt", "native", False, 131072),
    ],
)
def test_a_family_is_found_in_the_names_that_people_and_servers_give(
    model: str, family: str, calls: str, code: bool, context: int
) -> None:
    found = profile_of(model)
    assert (found.family, found.calls, found.code, found.context) == (family, calls, code, context)


@pytest.mark.parametrize("model", ["scripted", "openai/mystery-9000", "ollama/o10", "piccolo1", ""])
def test_a_name_that_no_family_has_gets_no_facts_of_one(model: str) -> None:
    assert profile_of(model).family == ""
    assert profile_of(model).calls == "native"


def test_sizes_are_read_from_names() -> None:
    sizes = {
        name: profile_of(name).billions for name in ("x:14b", "x-0.5B-q4", "mixtral-8x7b", "x-v4", "a3b")
    }
    assert sizes == {"x:14b": 14, "x-0.5B-q4": 0.5, "mixtral-8x7b": 56, "x-v4": 0, "a3b": 0}


def test_every_family_names_itself_and_each_of_its_facts_is_one() -> None:
    assert len(known_families()) > 50
    assert all(family.facts.get("family") for family in known_families())


def test_litellms_map_knows_hosted_models_better_than_their_family_does() -> None:
    mini = profile_of("openai/gpt-5-mini")
    assert mini.reasoning and mini.json_schema and mini.parallel_calls and mini.vision
    assert mini.output > 0
    assert profile_of("gpt-5-mini") == mini
    assert profile_of("text-embedding-3-small").embedding
    assert not profile_of("text-embedding-3-small").chat
    assert map_facts("nothing/of-the-kind") == {}


def test_the_map_is_read_without_importing_litellm() -> None:
    code = (
        "import sys\n"
        "from codelab_models.registry.describe import profile_of\n"
        "assert profile_of('openai/gpt-5-mini').output\n"
        "print({'litellm', 'llama_cpp', 'gguf', 'numpy', 'pydantic', 'httpx'} & set(sys.modules))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() <= "{'pydantic'}"


def test_the_map_answers_what_a_person_may_have_meant() -> None:
    assert is_known("gpt-5-mini") and not is_known("gpt-5-minni")
    assert "gpt-5-mini" in similar_models("gpt-5-minni")
    assert {"openai", "anthropic", "ollama", "lm_studio", "hosted_vllm", "openrouter"} <= known_providers()


@pytest.mark.slow
def test_every_provider_that_litellm_reaches_is_known() -> None:
    code = (
        "import os; os.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True'\n"
        "import litellm\n"
        "from codelab_models.registry.known_models import known_providers\n"
        "print(sorted({str(one.value) for one in litellm.LlmProviders} - known_providers()))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "[]"


# --- GGUF --------------------------------------------------------------------------------------------------

QWEN = {
    "general.architecture": "qwen2",
    "general.name": "Qwen2.5 Coder 7B Instruct",
    "tokenizer.ggml.tokens": ["a", "bc", ""],
    "tokenizer.ggml.token_type": [1, 2, 3],
    "qwen2.context_length": 65536,
    "qwen2.rope.freq_base": 1e6,
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.ggml.fim_pre_token_id": 7,
    "tokenizer.chat_template": "{% if tools %}<tools>{% endif %}",
}


def test_a_gguf_header_says_what_its_model_can_do(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "some.gguf", dict(QWEN))
    found = read_gguf(path)
    assert (found.architecture, found.name, found.context_length) == ("qwen2", QWEN["general.name"], 65536)
    assert found.vocabulary == 3
    assert profile_of("some.gguf", file=path) == Profile(
        family="qwen-coder",
        code=True,
        calls="native",
        json_schema=True,
        context=65536,
        fill_in_the_middle=True,
    )


def test_a_gguf_without_tools_in_its_template_is_held_to_a_schema_instead(tmp_path: Path) -> None:
    path = write_gguf(
        tmp_path / "a.gguf", {"general.architecture": "llama", "tokenizer.chat_template": "{{x}}"}
    )
    assert gguf_facts(read_gguf(path)) == {"json_schema": True, "calls": "json"}


def test_a_gguf_that_pools_makes_vectors(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "e.gguf", {"general.architecture": "bert", "bert.pooling_type": 1})
    assert profile_of("e.gguf", file=path).embedding
    assert not profile_of("e.gguf", file=path).chat
    encoder = write_gguf(tmp_path / "f.gguf", {"general.architecture": "nomic-bert"})
    assert profile_of("f.gguf", file=encoder).embedding


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a zip file", "does not begin"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "version 9"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 10**12), "makes no sense"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1), "ends too early"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**63), "makes no sense"),
        (gguf_header({"a": "b"})[:-1], "ends too early"),
        (gguf_header({"a": [1, 2, 3]})[:-1], "ends too early"),
        (gguf_header({"a": [1] * 5000})[:-1], "ends too early"),
        (gguf_header({"a": ["b"] * 5000})[:-1], "ends too early"),
        (b"GGUF" + struct.pack("<IQQQ1sIIQQ", 3, 0, 1, 1, b"a", 9, 8, 5000, 2**64 - 1), "ends too early"),
        (
            gguf_header({"a": 1}).replace(struct.pack("<II", 4, 1), struct.pack("<II", 77, 1)),
            "makes no sense",
        ),
        (b"GGUF" + struct.pack("<IQQQ1sIIQ", 3, 0, 1, 1, b"a", 9, 5, 2**62), "makes no sense"),
    ],
)
def test_what_is_no_whole_gguf_header_is_told_in_one_sentence(
    tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=why) as told:
        read_gguf(path)
    assert "broken.gguf" in told.value.what
    assert told.value.fix
    assert profile_of("broken.gguf", file=path) == profile_of("broken.gguf")


def test_a_gguf_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone.gguf"
    with pytest.raises(ModelError, match=r"There is no file .*gone\.gguf"):
        read_gguf(gone)
    assert profile_of("gone.gguf", file=gone) == profile_of("gone.gguf")


def test_a_gguf_header_with_values_of_other_types_than_usual_is_read(tmp_path: Path) -> None:
    heads = "llama.attention.head_count_kv"
    for odd in ("many", 1.5, ["a", "b"]):
        path = write_gguf(tmp_path / "odd.gguf", {"general.architecture": "llama", heads: odd})
        assert read_gguf(path).kv_bytes_per_token == 0


# --- merging -----------------------------------------------------------------------------------------------


def test_a_later_source_wins_and_the_persons_own_wins_over_all(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'models = ["gpt-5"]\ncontext = 1234\ncalls = "json"\n'
        '\n[[some]]\nmodels = ["gpt-5-mini"]\nvision = false\n'
    )
    own = own_families(tmp_path)
    mini = profile_of("openai/gpt-5-mini", own, said={"context": 99, "reasoning": False})
    assert (mini.context, mini.calls, mini.vision, mini.reasoning) == (1234, "json", False, False)
    assert profile_of("openai/gpt-5", own).vision
    assert profile_of("openai/gpt-4o", own).context == 128000


def test_calls_as_json_need_a_server_that_holds_a_model_to_a_schema() -> None:
    assert profile_from([{"calls": "json"}]).calls == "text"
    assert profile_from([{"calls": "json"}, {"json_schema": True}]).calls == "json"
    assert profile_from([{"calls": "json"}], [{"calls": "json"}]).calls == "json"


def test_no_files_of_the_persons_own_is_no_mistake(tmp_path: Path) -> None:
    assert own_families(tmp_path / "none") == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("models = [", "not TOML"),
        ("context = 1", "must list beginnings"),
        ('models = "gpt"\ncontext = 1', "must list beginnings"),
        ("models = []", "must list beginnings"),
        ('models = ["x"]\ncontex = 1', "no capability contex"),
        ('models = ["x"]\ncontext = "long"', "context must be a number"),
        ('models = ["x"]\ncontext = -1', "context must be a number"),
        ('models = ["x"]\ncontext = true', "context must be a number"),
        ('models = ["x"]\nvision = 1', "vision must be true or false"),
        ('models = ["x"]\nfamily = 1', "family must be text"),
        ('models = ["x"]\ncalls = "magic"', "calls must be one of native, json, text"),
        ('some = 1\nmodels = ["x"]', "some must be tables"),
        ("[[some]]\ncontext = 1", "must list beginnings"),
    ],
)
def test_a_wrong_profile_is_told_with_its_file(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as told:
        read_family(text, "mine.toml")
    assert "mine.toml" in str(told.value)


def test_a_profile_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        own_families(tmp_path)
    (tmp_path / "a.toml").write_text("#" * 70_000)
    with pytest.raises(InputError, match="too long"):
        own_families(tmp_path)


def test_a_profile_is_said_in_one_line() -> None:
    assert in_words(Profile(context=32768, code=True)) == "native tool calls, code, 32,768 tokens of context"
    assert in_words(profile_of("text-embedding-3-small")) == "vectors, 8,191 tokens of context"
