"""What the child process does with its model: answer, and embed."""

import base64
import random
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import llama_cpp

from codelab_models.failures import FailureKind, failure
from codelab_models.host.local.child.cancelling import Cancelling
from codelab_models.host.local.child.constraint import grammar_for
from codelab_models.host.local.child.events import Say
from codelab_models.host.local.child.model import Model
from codelab_models.host.local.child.native_log import NativeLog
from codelab_models.host.local.child.prompt import CHATML_STOP, ChatTemplate, Messages
from codelab_models.host.local.child.text import JsonEnd, ShownText

_SAMPLING = {"temperature": "temp", "top_p": "top_p"}
_SAMPLING |= {name: name for name in ("frequency_penalty", "presence_penalty")}


class Engine:
    """A model in memory.

    Args:
        spec: ``path``, ``purpose`` (``chat`` or ``embedding``), ``template`` (its chat template), ``pooled``
            (whether the file says how vectors are pooled); ``context`` and ``batch`` in tokens; ``threads``.
        cancelling: Asked while it computes.

    Attributes:
        facts: What the host is told of it.

    Raises:
        ModelError: It cannot be loaded.
    """

    def __init__(self, spec: dict[str, Any], cancelling: Cancelling) -> None:
        self._model = Model(spec, cancelling, NativeLog())
        vocabulary = self._model.vocabulary
        begin = self._model.text_of_special(llama_cpp.llama_vocab_bos(vocabulary))
        end = self._model.text_of_special(llama_cpp.llama_vocab_eos(vocabulary))
        self._begin = begin if llama_cpp.llama_vocab_get_add_bos(vocabulary) else ""
        self._template = ChatTemplate(spec["template"], begin, end)
        self._stops = [] if spec["template"] else [CHATML_STOP]
        self.facts = {"context": self._model.n_ctx()}

    def chat(self, request: dict[str, Any], say: Say) -> None:
        """Answer.

        It says ``begun`` (tokens in the prompt); ``progress`` (tokens evaluated, tokens in all) while a long
        prompt is evaluated; ``text`` (a piece); ``json`` (a whole value that a schema asked for); at last
        ``done`` with ``reason`` and the numbers of tokens.

        Args:
            request: ``messages`` and ``tools`` of the chat API; ``max_tokens`` or None; ``sampling`` (fields
                of the chat API); ``stop``; ``prefill`` (the answer's beginning, not repeated in it);
                ``schema`` (of the whole answer) or None; ``calls``: None, or ``begin``, ``end`` and
                ``schema`` of calls that may come in the middle of text.
            say: Takes the events.

        Raises:
            ModelError: The prompt is too long, or the template refuses it.
            Stopped: It was cancelled.
        """
        model = self._model
        prompt = self._prompt(request["messages"], request["tools"], request["prefill"])
        room = model.n_ctx() - len(prompt)
        if room < 1:
            raise failure(
                FailureKind.TOO_LONG,
                "The conversation is too long for the local model",
                why=f"It has {len(prompt):,} tokens, and the model's context holds {model.n_ctx():,}",
            )
        say({"begun": len(prompt)})
        model.progress = lambda done, total: say({"progress": [done, total]})
        answer = _Answer(model, prompt, min(request["max_tokens"] or room, room), request["sampling"])
        if request["schema"] is not None:
            self._json(answer, request["schema"], say)
        else:
            self._text(answer, request, say)
        counts = {"prompt_tokens": len(prompt), "completion_tokens": answer.count, "cached": answer.cached}
        say({"done": {"reason": answer.reason, **counts}})

    def count(self, request: dict[str, Any], say: Say) -> None:
        """Say ``done`` with the number of tokens; nothing is evaluated, so it may be asked at any time.

        Args:
            request: ``messages`` and perhaps ``tools`` of the chat API, or ``prompt``, a text.
            say: Takes the event.

        Raises:
            ModelError: The template refuses the messages.
        """
        if "prompt" in request:
            tokens = self._model.tokens_of(request["prompt"])
        else:
            tokens = self._prompt(request["messages"], request.get("tools") or [])
        say({"done": {"prompt_tokens": len(tokens)}})

    def _prompt(self, messages: Messages, tools: list[dict[str, Any]], prefill: str = "") -> list[int]:
        text = self._template.prompt(messages, tools) + prefill
        return self._model.tokens_of(text if text.startswith(self._begin) else self._begin + text)

    def embed(self, request: dict[str, Any], say: Say) -> None:
        """Say ``vectors`` (32-bit numbers in base64, one text each) and ``done`` with the number of tokens.

        Args:
            request: ``texts``; what is longer than the context is cut.
            say: Takes the event.

        Raises:
            Stopped: It was cancelled.
        """
        model = self._model
        rows, count = model.computed(lambda texts: model.embed(texts, return_count=True), request["texts"])
        vectors = [base64.b64encode(array("f", row).tobytes()).decode() for row in rows]
        say({"vectors": vectors, "done": {"prompt_tokens": count}})

    def _text(self, answer: "_Answer", request: dict[str, Any], say: Say) -> None:
        calls = request["calls"]
        begins = [calls["begin"]] if calls else []
        while True:
            shown = ShownText([*begins, *self._stops, *request["stop"]])
            for piece in answer.pieces():
                if text := shown.feed(piece):
                    say({"text": text})
                if shown.stopped:
                    answer.reason = "stop"
                    break
            if text := shown.rest():
                say({"text": text})
            if not calls or shown.stopped != calls["begin"]:
                return
            self._json(answer, calls["schema"], say)
            if answer.reason == "length":
                return
            answer.tokens += self._model.tokens_of(calls["end"])

    def _json(self, answer: "_Answer", schema: dict[str, Any], say: Say) -> None:
        grammar = grammar_for(schema, self._model.vocabulary)
        end, shown = JsonEnd(), ShownText()
        whole = ""
        for piece in answer.pieces(grammar):
            text = shown.feed(piece)
            whole += text
            end.feed(text)
            if end.complete:
                answer.reason = "stop"
                break
        say({"json": whole + shown.rest()})


class _Answer:
    """An answer as it grows.

    Attributes:
        tokens: The prompt and what was written since.
        count: Tokens written.
        cached: Tokens of the prompt that were in memory from the request before.
        reason: Why it ended, as the chat API has it.
    """

    def __init__(self, model: Model, prompt: Sequence[int], most: int, sampling: dict[str, Any]) -> None:
        self._model, self._most = model, most
        self.tokens = list(prompt)
        self.count = 0
        self.cached = 0
        self.reason = "length"
        seed = sampling.get("seed")
        self._seed = random.getrandbits(31) if seed is None else int(seed)
        self._options = {own: sampling[name] for name, own in _SAMPLING.items() if name in sampling}

    def pieces(self, grammar: Any = None) -> Iterator[bytes]:
        """Yield what each token stands for that the model writes now, until it ends or no more are allowed.

        Args:
            grammar: What it may write, of llama_cpp; None for anything.
        """
        model, first = self._model, not self.count
        self.reason = "length"
        if self.count >= self._most:
            return
        model.set_seed(1 + (self._seed + self.count) % (2**32 - 2))
        before = model.evaluated
        with closing(model.generate(self.tokens, grammar=grammar, **self._options)) as tokens:
            for token in tokens:
                if first:
                    self.cached, first = len(self.tokens) - (model.evaluated - before), False
                if model.ends(token):
                    self.reason = "stop"
                    return
                self.tokens.append(token)
                self.count += 1
                yield model.bytes_of(token)
                if self.count >= self._most:
                    return
