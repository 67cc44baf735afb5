"""llama.cpp's model and context, loaded so that they can be stopped and watched."""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import llama_cpp
from jinja2 import TemplateError
from llama_cpp import Llama

from codelab_models.failures import FailureKind, failure, one_line
from codelab_models.host.local.child.cancelling import Cancelling
from codelab_models.host.local.child.native_log import NativeLog
from codelab_models.host.local.child.pieces import Pieces

Progress = Callable[[int, int], None]
Given = TypeVar("Given")
Made = TypeVar("Made")

_PIECE_BYTES = 128
_ALL_LAYERS = -1


class Model(Llama):
    """A model that tells how far it is and stops when it is told to.

    Args:
        spec: What the host wants; see ``engine.Engine``.
        cancelling: Asked while it computes.
        log: What llama.cpp says.

    Attributes:
        progress: Called after each batch of a prompt with the tokens evaluated and those in all.
        evaluated: Tokens evaluated so far.

    Raises:
        ModelError: It cannot be loaded.
    """

    def __init__(self, spec: dict[str, Any], cancelling: Cancelling, log: NativeLog) -> None:
        self.progress: Progress = lambda done, total: None
        self.evaluated = 0
        self._cancelling, self._native_log = cancelling, log
        embeds = spec["purpose"] == "embedding"
        pooling = (
            llama_cpp.LLAMA_POOLING_TYPE_UNSPECIFIED if spec["pooled"] else llama_cpp.LLAMA_POOLING_TYPE_MEAN
        )
        batch = spec["context"] if embeds else min(spec["batch"], spec["context"])
        try:
            super().__init__(
                spec["path"],
                n_gpu_layers=_ALL_LAYERS if llama_cpp.llama_supports_gpu_offload() else 0,
                n_ctx=spec["context"],
                n_batch=batch,
                n_ubatch=batch,
                n_threads=spec["threads"],
                n_threads_batch=spec["threads"],
                embedding=embeds,
                pooling_type=pooling if embeds else llama_cpp.LLAMA_POOLING_TYPE_UNSPECIFIED,
                verbose=False,
            )
        except (ValueError, RuntimeError, MemoryError, TemplateError) as error:
            raise failure(
                FailureKind.REFUSED,
                f"{spec['path']} cannot be loaded",
                why=log.said() or one_line(str(error)),
                fix="Download it again, or choose another; a newer llama-cpp-python knows newer models",
            ) from error
        log.said()  # complaints about a file that could be loaded are not the cause of what fails later
        # Kept, since llama.cpp holds no reference to what it calls.
        self._abort = llama_cpp.ggml_abort_callback(lambda _: not cancelling.wanted)
        llama_cpp.llama_set_abort_callback(self.ctx, self._abort, None)
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self._pieces: dict[int, bytes] = {}
        self._prompts = Pieces(self._tokens_of_piece, self._is_mark)

    def eval(self, tokens: Sequence[int]) -> None:
        """Evaluate tokens in batches.

        Raises:
            Stopped: The request was cancelled.
            ModelError: llama.cpp failed.
        """
        total = self.n_tokens + len(tokens)
        for first in range(0, len(tokens), self.n_batch):
            batch = tokens[first : first + self.n_batch]
            self.computed(super().eval, batch)
            self.evaluated += len(batch)
            if len(tokens) > self.n_batch:
                self.progress(self.n_tokens, total)

    def computed(self, compute: Callable[[Given], Made], given: Given) -> Made:
        """Return what a computation gives; after one that ends early the model is as if newly loaded.

        Raises:
            Stopped: The request was cancelled.
            ModelError: llama.cpp failed.
        """
        try:
            made = compute(given)
        except RuntimeError as error:
            self.reset()
            self._cancelling.check()
            why = self._native_log.said() or one_line(str(error))
            raise failure(FailureKind.SERVER, "The local model failed", why=why) from error
        self._cancelling.check()
        return made

    def tokens_of(self, text: str) -> list[int]:
        """Return the tokens of a text in which special tokens may be spelled out."""
        return self._prompts.tokens(text)

    def _tokens_of_piece(self, text: str) -> list[int]:
        return self.tokenize(text.encode(), add_bos=False, special=True)

    def _is_mark(self, text: str) -> bool:
        """Tell whether a text is one control token that changes nothing of what stands before it."""
        tokens = self._tokens_of_piece(text)
        if len(tokens) != 1:
            return False
        kind = llama_cpp.llama_vocab_get_attr(self.vocabulary, tokens[0])
        strips = kind & llama_cpp.LLAMA_TOKEN_ATTR_LSTRIP
        return bool(kind & llama_cpp.LLAMA_TOKEN_ATTR_CONTROL) and not strips

    def ends(self, token: int) -> bool:
        """Tell whether a token ends an answer."""
        return llama_cpp.llama_vocab_is_eog(self.vocabulary, token)

    def bytes_of(self, token: int) -> bytes:
        """Return what a token stands for, special ones spelled out."""
        if token not in self._pieces:
            size = _PIECE_BYTES
            while True:
                buffer = ctypes.create_string_buffer(size)
                length = llama_cpp.llama_token_to_piece(self.vocabulary, token, buffer, size, 0, True)
                if length >= 0:
                    break
                size = -length
            self._pieces[token] = buffer.raw[:length]
        return self._pieces[token]

    def text_of_special(self, token: int) -> str:
        """Return the text of a special token, empty for none."""
        return self.bytes_of(token).decode("utf-8", "replace") if token >= 0 else ""
