"""The parts around a GGUF file that need no llama.cpp: its head, its prompt, what is shown of an answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from codelab.config.settings import ModelSettings
from codelab.core.errors import ModelError
from codelab_models.gguf import fingerprint, read_gguf
from codelab_models.host.local.child.cancelling import Cancelling, Stopped
from codelab_models.host.local.child.prompt import ChatTemplate
from codelab_models.host.local.child.text import JsonEnd, ShownText
from codelab_models.host.local.dialect import LLAMA, MISTRAL, TAGGED, UNMARKED, dialect_of
from codelab_models.host.local.plan import Purpose, plan_for
from codelab_models.host.local.wanted import read_wanted
from codelab_models.local_models import files_in, is_local, path_of, short_name
from codelab_models.providers import Access, access_for
from tests.support.gguf_models import write_encoder, write_random

pytestmark = pytest.mark.req("MODEL-2", "MODEL-3")

USER = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}
CALL = {"id": "call-with-a-long-id", "function": {"name": "read", "arguments": '{"path": "a"}'}}
TURN = [
    {"role": "system", "content": "Be brief."},
    USER,
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call-with-a-long-id", "content": "text of a"},
]


def test_the_head_of_a_file_says_what_it_holds(tmp_path: Path) -> None:
    facts = read_gguf(write_random(tmp_path / "r.gguf", context=2048, template="{{ messages }}"))
    assert (facts.architecture, facts.context_length, facts.layers) == ("llama", 2048, 2)
    assert (facts.vocabulary, facts.embedding_length) == (259, 64)
    assert facts.kv_bytes_per_token == 2 * (64 + 64) * 2  # layers, keys and values, 16-bit numbers
    assert facts.chat_template == "{{ messages }}"
    assert facts.writes
    assert not facts.embeds
    encoder = read_gguf(write_encoder(tmp_path / "e.gguf"))
    assert encoder.embeds
    assert not encoder.writes


def test_a_file_cut_anywhere_is_refused_in_words(tmp_path: Path) -> None:
    whole = write_random(tmp_path / "whole.gguf").read_bytes()
    cut = tmp_path / "cut.gguf"
    for length in [*range(0, 400), *range(400, 20_000, 997), len(whole) // 2]:
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelError) as caught:
            read_gguf(cut)
        assert caught.value.why
    cut.write_bytes(whole)
    read_gguf(cut)


def test_a_head_that_lies_about_lengths_is_refused(tmp_path: Path) -> None:
    whole = bytearray(write_random(tmp_path / "whole.gguf").read_bytes())
    lying = tmp_path / "lying.gguf"
    for place in range(8, 400):
        changed = bytearray(whole)
        changed[place : place + 8] = b"\xff" * 8
        lying.write_bytes(changed)
        try:
            read_gguf(lying)
        except ModelError as error:
            assert error.fix


def test_a_fingerprint_is_of_the_contents(tmp_path: Path) -> None:
    one = write_random(tmp_path / "one.gguf", seed=1)
    same = write_random(tmp_path / "same.gguf", seed=1)
    other = write_random(tmp_path / "other.gguf", seed=2)
    assert fingerprint(one) == fingerprint(same) != fingerprint(other)


def test_files_are_found_by_name_once_and_only_as_whole_models(tmp_path: Path) -> None:
    folder = tmp_path / "hub" / "snapshots"
    folder.mkdir(parents=True)
    for name in ("a.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf", "mmproj-a.gguf", "b.txt"):
        (folder / name).touch()
    (tmp_path / "link.gguf").symlink_to(folder / "a.gguf")
    found = list(files_in([tmp_path], 10))
    assert [path.name for path in found] == ["link.gguf", "big-00001-of-00002.gguf"]
    assert [short_name(path) for path in found] == ["local/link", "local/big"]
    assert path_of("local/big", [tmp_path]).name == "big-00001-of-00002.gguf"
    assert path_of("gguf:/x/y.gguf", []) == Path("/x/y.gguf")
    with pytest.raises(ModelError, match="There are link, big"):
        path_of("local/none", [tmp_path])
    with pytest.raises(ModelError, match="does not begin at the root"):
        path_of("gguf:y.gguf", [])


def test_no_key_goes_to_a_model_on_this_machine() -> None:
    environ = {"CODELAB_API_KEY": "a", "OPENAI_API_KEY": "b"}
    assert access_for("gguf:/a.gguf", ModelSettings(api_base="http://x/v1"), environ) == Access()
    assert is_local("local/a")
    assert not is_local("ollama/local")


def test_the_context_is_what_the_model_the_memory_and_the_person_allow(tmp_path: Path) -> None:
    facts = read_gguf(write_random(tmp_path / "r.gguf", width=256, layers=8, context=100_000))
    assert plan_for(facts, Purpose.CHAT, ModelSettings(local_memory_gb=8)).context == 32_768
    assert plan_for(facts, Purpose.CHAT, ModelSettings(local_memory_gb=8, local_context=1000)).context == 768
    small = plan_for(facts, Purpose.CHAT, ModelSettings(local_memory_gb=0.2))
    assert 2048 <= small.context < 32_768
    assert small.need_bytes <= 200_000_000
    with pytest.raises(ModelError, match="too large for this machine"):
        plan_for(facts, Purpose.CHAT, ModelSettings(local_memory_gb=0.08))


@pytest.mark.parametrize(
    ("template", "dialect"),
    [
        ("", TAGGED),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", TAGGED),
        ("{% if tools %}<tool_call>{% endif %}", TAGGED),
        ("{% if tools %}<tool_call><function=x>{% endif %}", UNMARKED),
        ("{% if tools %}[TOOL_CALLS]{% endif %}", MISTRAL),
        ("{% if tools %}[TOOL_CALLS]x[ARGS]{% endif %}", UNMARKED),
        ("{% if tools %}<|python_tag|>{% endif %}", LLAMA),
        ("{% if tools %}<unheard_of>{% endif %}", UNMARKED),
    ],
)
def test_the_dialect_is_told_by_the_template(template: str, dialect: object) -> None:
    assert dialect_of(template) == dialect


def test_without_a_template_tools_and_results_are_spelled_out() -> None:
    prompt = ChatTemplate("", "", "").prompt(TURN, [TOOL])
    assert prompt.startswith("<|im_start|>system\nBe brief.\n\nYou may call")
    assert '<tool_call>\n{"name": "read", "arguments": {"path": "a"}}\n</tool_call>' in prompt
    assert "<tool_response>\ntext of a\n</tool_response>" in prompt
    assert prompt.endswith("<|im_start|>assistant\n")


def test_a_template_that_knows_tools_gets_arguments_as_objects_and_short_ids() -> None:
    template = (
        "{{ bos_token }}{{ tools | tojson }}{% for m in messages %}"
        "{% for c in m.tool_calls or [] %}[{{ c.id }} {{ c.function.arguments.path }}]{% endfor %}"
        "{% if m.role == 'tool' %}({{ m.tool_call_id }}){% endif %}{% endfor %}"
    )
    prompt = ChatTemplate(template, "<s>", "").prompt(TURN, [TOOL])
    assert prompt.startswith("<s>" + json.dumps([TOOL]))
    id = prompt.partition("[")[2].partition("[")[2][:9]
    assert id.isalnum()
    assert f"[{id} a]({id})" in prompt


def test_a_template_that_refuses_systems_or_repeated_roles_is_given_plainer_messages() -> None:
    template = (
        "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('roles must alternate') }}{% endif %}{{ m.role }}:{{ m.content }};{% endfor %}"
    )
    prompt = ChatTemplate(template, "", "").prompt([{"role": "system", "content": "S"}, USER, USER], [])
    assert prompt == "user:S\n\nhi\n\nhi;"


def test_a_template_cannot_reach_out_of_its_sandbox() -> None:
    template = "{{ messages.__class__.__mro__[1].__subclasses__() }}"
    with pytest.raises(ModelError, match="does not take this conversation"):
        ChatTemplate(template, "", "").prompt([USER], [])
    with pytest.raises(ModelError, match="template in the model's file is broken"):
        ChatTemplate("{% if %}", "", "")


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shown_text_is_whole_characters_and_ends_before_a_stop(size: int) -> None:
    said = "grün € 🙂 <to then <tool_call> more".encode()
    shown = ShownText(["<tool_call>"])
    got = "".join(shown.feed(said[at : at + size]) for at in range(0, len(said), size))
    assert got + shown.rest() == "grün € 🙂 <to then "
    assert shown.stopped == "<tool_call>"
    free = ShownText(["<tool_call>"])
    assert free.feed(b"a <tool") + free.rest() == "a <tool"


def test_the_end_of_json_is_seen_through_texts_in_it() -> None:
    end = JsonEnd()
    end.feed('{"a": "}\\"}", "b": [1, {"c": 2}]')
    assert not end.complete
    end.feed("}")
    assert end.complete


def test_a_request_is_stopped_before_during_and_not_after_its_work() -> None:
    cancelling = Cancelling()
    cancelling.cancel(1)
    with pytest.raises(Stopped):
        cancelling.begin(1)
    cancelling.begin(2)
    cancelling.cancel(1)
    cancelling.check()
    cancelling.cancel(2)
    with pytest.raises(Stopped):
        cancelling.check()
    cancelling.begin(3)


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": {"read": TOOL}},
        {"tools": [{"function": {}}]},
        {"tools": [TOOL], "tool_choice": {"function": {"name": "none"}}},
        {"max_tokens": "many"},
        {"temperature": "hot"},
        {"stop": [1]},
        {"response_format": {"type": "json_schema"}},
    ],
)
def test_a_field_that_is_not_as_the_api_says_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="does not understand the request"):
        read_wanted({"messages": [USER], **fields}, TAGGED)


def test_a_forced_call_begins_as_the_dialect_does() -> None:
    fields = {"messages": [USER], "tools": [TOOL], "tool_choice": "required"}
    tagged = read_wanted(fields, TAGGED)
    assert tagged.request["prefill"] == "<tool_call>\n"
    assert tagged.request["schema"]["required"] == ["name", "arguments"]
    assert read_wanted(fields, MISTRAL).request["schema"]["type"] == "array"
    assert read_wanted(fields, LLAMA).request["schema"]["required"] == ["name", "parameters"]
    none = read_wanted({**fields, "tool_choice": "none"}, TAGGED)
    assert (none.request["tools"], none.tools, none.forced) == ([], (), False)
