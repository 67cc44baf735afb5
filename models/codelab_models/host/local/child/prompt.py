"""From messages to the text that a model reads, by the template in its file.

A template is a program from a stranger: it runs in jinja's sandbox, in this process, and what it raises is
told. Templates refuse more than they should, so what one refuses is tried again in plainer forms.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from codelab_models.failures import FailureKind, failure, one_line

Messages = list[dict[str, Any]]

CHATML = """{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}"""
"""For a file without a template: the form that most models were trained on."""

CHATML_STOP = "<|im_end|>"

_TOOLS = """You may call one or more functions. Here are their signatures, one in a line:
<tools>
{tools}
</tools>
For each call write a JSON object with the function's name and arguments between tags:
<tool_call>
{{"name": <name>, "arguments": <arguments>}}
</tool_call>"""
# After the template of Hermes 2 Pro and Qwen 2.5, which models of many families have seen.


class ChatTemplate:
    """The template of a model.

    Args:
        source: Jinja; empty for the default.
        begin: The text of the token that begins a prompt; may be empty.
        end: The text of the token that ends an answer; may be empty.

    Attributes:
        knows_tools: Whether it writes tools and calls in a form of its own.
    """

    def __init__(self, source: str, begin: str, end: str) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        environment.globals.update(raise_exception=_refuse, strftime_now=_now, bos_token=begin, eos_token=end)
        source = re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", source)  # marks of trainers
        self.knows_tools = "tools" in source
        try:
            self._template = environment.from_string(source or CHATML)
        except TemplateError as error:
            raise failure(
                FailureKind.REFUSED,
                "The chat template in the model's file is broken",
                why=one_line(str(error)),
                fix="Choose another file of the model",
            ) from error

    def prompt(self, messages: Messages, tools: list[dict[str, Any]]) -> str:
        """Return what the model reads before it answers.

        Args:
            messages: Of the chat API.
            tools: Of the chat API.

        Raises:
            ModelError: The template refuses the messages in every form.
        """
        problem = ""
        for some, offered in self._forms(_plain(messages), tools):
            try:
                return self._template.render(messages=some, tools=offered or None, add_generation_prompt=True)
            except (TemplateError, TypeError, ValueError, KeyError, RecursionError) as error:
                problem = problem or one_line(str(error))
        raise failure(
            FailureKind.REFUSED,
            "The model's chat template does not take this conversation",
            why=problem,
            fix="Choose another model in `models.chat`",
        )

    def _forms(
        self, messages: Messages, tools: list[dict[str, Any]]
    ) -> Iterator[tuple[Messages, list[dict[str, Any]]]]:
        has_calls = bool(tools) or any("tool_calls" in one or one["role"] == "tool" for one in messages)
        if self.knows_tools or not has_calls:
            yield messages, tools
        spelled = _spelled_out(messages, tools)
        yield spelled, []
        yield _alternating(_without_system(spelled)), []


def _plain(messages: Messages) -> Messages:
    """Return messages as templates expect them: contents are text, arguments objects, ids nine letters."""
    plain = []
    for message in messages:
        role = message.get("role", "user")
        one: dict[str, Any] = {"role": "system" if role == "developer" else role}
        one["content"] = _text(message.get("content"))
        if calls := message.get("tool_calls"):
            one["tool_calls"] = [_plain_call(call) for call in calls]
        if "tool_call_id" in message:
            one["tool_call_id"] = _short_id(message["tool_call_id"])
        if "name" in message:
            one["name"] = message["name"]
        plain.append(one)
    return plain


def _plain_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function", {})
    arguments = function.get("arguments", "{}")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {"arguments": arguments}
    named = {"name": function.get("name", ""), "arguments": arguments}
    return {"id": _short_id(call.get("id", "")), "type": "function", "function": named}


def _short_id(given: str) -> str:
    """Return an id as Mistral's templates demand it: nine letters and digits."""
    if re.fullmatch(r"[a-zA-Z0-9]{9}", given):
        return given
    return hashlib.sha256(given.encode()).hexdigest()[:9]


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _spelled_out(messages: Messages, tools: list[dict[str, Any]]) -> Messages:
    """Return messages in which tools, calls and results are text, for templates that know none."""
    spelled: Messages = []
    for message in messages:
        content = message["content"]
        if calls := message.get("tool_calls"):
            written = (f"<tool_call>\n{_to_json(call['function'])}\n</tool_call>" for call in calls)
            content = "\n".join([content, *written] if content else written)
        if message["role"] == "tool":
            spelled.append({"role": "user", "content": f"<tool_response>\n{content}\n</tool_response>"})
        else:
            spelled.append({"role": message["role"], "content": content})
    if tools:
        offered = _TOOLS.format(tools="\n".join(map(_to_json, tools)))
        if spelled and spelled[0]["role"] == "system":
            spelled[0]["content"] += "\n\n" + offered
        else:
            spelled.insert(0, {"role": "system", "content": offered})
    return _alternating(spelled)


def _without_system(messages: Messages) -> Messages:
    return [{**one, "role": "user"} if one["role"] == "system" else one for one in messages]


def _alternating(messages: Messages) -> Messages:
    """Return messages in which no two neighbours have the same role."""
    joined: Messages = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1]["content"] += "\n\n" + message["content"]
        else:
            joined.append(dict(message))
    return joined


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> None:
    raise TemplateError(message)


def _now(form: str) -> str:
    return datetime.now(UTC).astimezone().strftime(form)
