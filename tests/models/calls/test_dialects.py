"""Tool calls in the dialects of the open model families.

The samples are what each family's published template makes of a call, with our tools in them:

- Qwen 2.5 and 3: `chat_template` in tokenizer_config.json of Qwen/Qwen2.5-7B-Instruct and Qwen/Qwen3-8B.
- Qwen 3 Coder and 3.5: examples/tool_chat_template_qwen3coder.jinja in vllm-project/vllm.
- Llama 3.1: examples/tool_chat_template_llama3.1_json.jinja in vllm-project/vllm, and Meta's prompt format
  (llama-models, models/llama3_1/prompt_format.md) for the python tag and `<function=...>`.
- Llama 3.2, Python calls: examples/tool_chat_template_llama3.2_pythonic.jinja in vllm-project/vllm.
- Mistral: models/templates/mistralai-Mistral-Small-3.1-24B-Instruct-2503.jinja in ggml-org/llama.cpp; the
  form with [ARGS]: chat_template.jinja of mistralai/Devstral-Small-2-24B-Instruct-2512, and with [CALL_ID]:
  that of mistralai/Magistral-Small-2509.
- Gemma 3: ai.google.dev/gemma/docs/capabilities/function-calling (Python calls and JSON) and Google's agent
  examples, which ask for a tool_code fence. Gemma 4: models/templates/gemma4.jinja in ggml-org/llama.cpp.
- DeepSeek V3 and R1: examples/tool_chat_template_deepseekv3.jinja in vllm-project/vllm; V3.1:
  models/templates/deepseek-ai-DeepSeek-V3.1.jinja in ggml-org/llama.cpp.
"""

import json

import pytest

from codelab_models.calls import parse_text
from tests.support.tools_for_calls import TOOLS

pytestmark = pytest.mark.req("MODEL-3", "MODEL-6")

ONE = ("read_file", {"path": "src/a.py", "start_line": 3})
TWO = ("edit_file", {"path": "b.py", "replacements": [{"old": 'say("hi")\n', "new": "x = {'a': 1}\n"}]})
ONE_JSON = json.dumps(ONE[1])
TWO_JSON = json.dumps(TWO[1])

DEEP_BEGIN = "<\uff5ctool\u2581calls\u2581begin\uff5c>"
DEEP_END = "<\uff5ctool\u2581calls\u2581end\uff5c><\uff5cend\u2581of\u2581sentence\uff5c>"
DEEP_CALL, DEEP_SEP, DEEP_CALL_END = (
    f"<\uff5ctool\u2581{word}\uff5c>" for word in ("call\u2581begin", "sep", "call\u2581end")
)


def named(key: str, name: str, arguments: str) -> str:
    return f'{{"name": "{name}", "{key}": {arguments}}}'


SAMPLES = {
    "qwen 2.5 and 3": "\n".join(
        f"<tool_call>\n{named('arguments', name, json.dumps(arguments))}\n</tool_call>"
        for name, arguments in (ONE, TWO)
    )
    + "<|im_end|>",
    "qwen 3 coder": "<tool_call>\n<function=read_file>\n<parameter=path>\nsrc/a.py\n</parameter>\n"
    "<parameter=start_line>\n3\n</parameter>\n</function>\n</tool_call>\n"
    "<tool_call>\n<function=edit_file>\n<parameter=path>\nb.py\n</parameter>\n<parameter=replacements>\n"
    f"{json.dumps(TWO[1]['replacements'])}\n</parameter>\n</function>\n</tool_call><|im_end|>",
    "llama 3.1 json": named("parameters", "read_file", ONE_JSON)
    + "; "
    + named("parameters", "edit_file", TWO_JSON)
    + "<|eot_id|>",
    "llama 3.1 python tag": "<|python_tag|>"
    + named("parameters", "read_file", ONE_JSON)
    + "; "
    + named("parameters", "edit_file", TWO_JSON)
    + "<|eom_id|>",
    "llama 3.1 function tags": f"<function=read_file>{ONE_JSON}</function>\n"
    f"<function=edit_file>{TWO_JSON}</function><|eot_id|>",
    "llama 3.2 python": '[read_file(path="src/a.py", start_line=3), edit_file(path="b.py", replacements=['
    '{"old": \'say("hi")\\n\', "new": "x = {\'a\': 1}\\n"}])]<|eot_id|>',
    "mistral": '[TOOL_CALLS] [{"name": "read_file", "arguments": '
    f'{ONE_JSON}, "id": "a1B2c3D4e"}}, '
    f'{{"name": "edit_file", "arguments": {TWO_JSON}, "id": "f5G6h7I8j"}}]</s>',
    "mistral with args": f"[TOOL_CALLS]read_file[ARGS]{ONE_JSON}[TOOL_CALLS]edit_file[ARGS]{TWO_JSON}</s>",
    "mistral with call ids": f"[TOOL_CALLS]read_file[CALL_ID]a1B2c3D4e[ARGS]{ONE_JSON}"
    f"[TOOL_CALLS]edit_file[CALL_ID]f5G6h7I8j[ARGS]{TWO_JSON}</s>",
    "gemma 3 tool code": '```tool_code\nread_file(path="src/a.py", start_line=3)\n'
    'edit_file(path="b.py", replacements=[{"old": \'say("hi")\\n\', "new": "x = {\'a\': 1}\\n"}])\n```',
    "gemma 3 json": "```json\n["
    + named("parameters", "read_file", ONE_JSON)
    + ",\n"
    + named("parameters", "edit_file", TWO_JSON)
    + "]\n```<end_of_turn>",
    "gemma 4": '<|tool_call>call:read_file{path:<|"|>src/a.py<|"|>,start_line:3}<tool_call|>'
    '<|tool_call>call:edit_file{path:<|"|>b.py<|"|>,replacements:[{new:<|"|>x = {\'a\': 1}\n<|"|>,'
    'old:<|"|>say("hi")\n<|"|>}]}<tool_call|>',
    "deepseek v3": f"{DEEP_BEGIN}{DEEP_CALL}function{DEEP_SEP}read_file\n```json\n{ONE_JSON}\n```"
    f"{DEEP_CALL_END}"
    f"\n{DEEP_CALL}function{DEEP_SEP}edit_file\n```json\n{TWO_JSON}\n```{DEEP_CALL_END}{DEEP_END}",
    "deepseek v3.1": f"{DEEP_BEGIN}{DEEP_CALL}read_file{DEEP_SEP}{ONE_JSON}{DEEP_CALL_END}"
    f"{DEEP_CALL}edit_file{DEEP_SEP}{TWO_JSON}{DEEP_CALL_END}{DEEP_END}",
    "deepseek v3 in plain characters": "<|tool_calls_begin|><|tool_call_begin|>function<|tool_sep|>read_file"
    f"\n```json\n{ONE_JSON}\n```<|tool_call_end|>\n<|tool_call_begin|>function<|tool_sep|>edit_file\n"
    f"```json\n{TWO_JSON}\n```<|tool_call_end|><|tool_calls_end|>",
    "the chat api's own form": json.dumps(
        [
            {
                "id": f"c{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(given)},
            }
            for number, (name, given) in enumerate((ONE, TWO))
        ]
    ),
}


@pytest.mark.parametrize("dialect", SAMPLES)
@pytest.mark.parametrize("prose", ["", "I look at the file first.\n\n"])
def test_the_calls_of_a_family_are_understood_with_the_prose_before_them(dialect: str, prose: str) -> None:
    if dialect == "llama 3.2 python" and prose:
        prose = ""  # its template allows no text beside the list
    said, calls = parse_text(prose + SAMPLES[dialect], TOOLS)
    assert [(call.name, json.loads(call.arguments), call.problem) for call in calls] == [
        (*ONE, ""),
        (*TWO, ""),
    ]
    assert said == prose.strip()


@pytest.mark.parametrize("dialect", SAMPLES)
def test_a_call_that_is_cut_off_anywhere_is_never_taken_for_a_whole_one(dialect: str) -> None:
    sample = SAMPLES[dialect]
    for cut in range(1, len(sample)):
        _, calls = parse_text(sample[:cut], TOOLS)
        understood = [(call.name, json.loads(call.arguments)) for call in calls if not call.problem]
        assert understood in ([], [ONE], [ONE, TWO]), sample[:cut]


def test_the_ids_of_a_dialect_are_kept() -> None:
    for dialect in ("mistral", "mistral with call ids"):
        assert [call.id for call in parse_text(SAMPLES[dialect], TOOLS)[1]] == ["a1B2c3D4e", "f5G6h7I8j"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<tool_call>\n\n</tool_call>", "nothing stands in it"),
        ("<tool_call>read the file</tool_call>", "it is no JSON: a value is missing"),
        ('<tool_call>{"arguments": {"path": "a"}}</tool_call>', "it does not name a tool"),
        ('<tool_call>{"name": "read_file", "path": "a"}</tool_call>', "in an object called arguments"),
        ('<tool_call>["read_file"]</tool_call>', "an object with name and arguments"),
        ("<tool_call><function=read_file>a.py</function></tool_call>", "between <parameter=name>"),
        (
            "<tool_call><function=read_file><parameter=path>a</parameter><parameter=path>b</parameter></function>"
            "</tool_call>",
            "the parameter path stands twice",
        ),
        (
            "<tool_call><function=read_file><parameter=path>\na\n</parameter>\nparameter=end_line>\n3\n"
            "</parameter></function></tool_call>",
            "not clear where the parameter path ends",
        ),
        ('```tool_code\nread_file("a.py")\n```', "each argument must be written as name=value"),
        ('```tool_code\nread_file(path=open("a.py"))\n```', "a value is missing"),
        ('```tool_code\nread_file(path="a", path="b")\n```', "the argument path stands twice"),
        ('```tool_code\nimport os\nread_file(path="a")\n```', "arguments in brackets are missing"),
        ('```tool_code\nread_file(path="a" "b")\n```', "a comma or a closing bracket is missing"),
        (f"{DEEP_CALL}read_file {{}}{DEEP_CALL_END}", "the separator and the arguments"),
        ('<|tool_call>call:read_file{path:<|"|>a<|"|>}', "does not end with <tool_call|>"),
    ],
)
def test_what_a_dialect_does_not_allow_is_refused_in_words(text: str, told: str) -> None:
    _, calls = parse_text(text, TOOLS)
    assert told in calls[-1].problem


@pytest.mark.parametrize(
    "text",
    [
        'A call looks like this:\n\n```json\n{"name": "other_tool", "arguments": {}}\n```',
        'The file holds\n```json\n{"name": "shop", "version": 1}\n```',
        'Write `{"name": "read_file", "arguments": {"path": "a"}}` to call it.',
        "See [the docs](https://example.org) and [1, 2].",
        '```python\nprint({"name": "read_file"})\n```',
        "{broken",
    ],
)
def test_other_json_in_an_answer_is_no_call(text: str) -> None:
    assert parse_text(text, TOOLS) == (text, ())
