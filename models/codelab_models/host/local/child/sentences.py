"""What the child process does with an embedder in an ONNX file."""

import base64
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from codelab_models.failures import FailureKind, failure, one_line
from codelab_models.host.local.child.cancelling import Cancelling
from codelab_models.host.local.child.events import Say

Vectors = NDArray[np.float32]

_POOLED = "sentence_embedding"
_QUIET = 3  # errors only


class SentenceEngine:
    """An embedder in memory.

    Args:
        spec: ``path`` of the ONNX file, ``tokenizer`` (its file), ``pooling`` (``mean``, ``cls`` or
            ``lasttoken``), ``tokens`` (most of a text), ``threads``.
        cancelling: Asked between two texts.

    Attributes:
        facts: What the host is told of it.

    Raises:
        ModelError: It cannot be loaded.
    """

    def __init__(self, spec: dict[str, Any], cancelling: Cancelling) -> None:
        self._cancelling, self._pooling = cancelling, spec["pooling"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = spec["threads"]
        options.log_severity_level = _QUIET
        try:
            self._tokenizer = Tokenizer.from_file(spec["tokenizer"])
            self._session = onnxruntime.InferenceSession(
                spec["path"], options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise types of their own
            raise failure(
                FailureKind.UNKNOWN_MODEL,
                f"The embedder {spec['path']} cannot be loaded",
                why=one_line(str(error)),
                fix="Get it again, or choose another in `models.embedding`",
            ) from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(spec["tokens"])
        self._inputs = {one.name for one in self._session.get_inputs()}
        names = [one.name for one in self._session.get_outputs()]
        self._output = _POOLED if _POOLED in names else names[0]
        self.facts = {"context": spec["tokens"]}

    def embed(self, request: dict[str, Any], say: Say) -> None:
        """Say ``vectors`` (32-bit numbers in base64, one text each) and ``done`` with the number of tokens.

        Args:
            request: ``texts``; what is longer than the model takes is cut.
            say: Takes the event.

        Raises:
            Stopped: It was cancelled.
        """
        vectors: list[str] = []
        tokens = 0
        for text in request["texts"]:
            self._cancelling.check()
            encoded = self._tokenizer.encode(text)
            tokens += len(encoded.ids)
            ids = np.array([encoded.ids], np.int64)
            given = {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            }
            made = self._session.run(
                [self._output], {name: value for name, value in given.items() if name in self._inputs}
            )[0]
            vectors.append(base64.b64encode(self._pooled(made).tobytes()).decode())
        say({"vectors": vectors, "done": {"prompt_tokens": tokens}})

    def _pooled(self, made: Vectors) -> Vectors:
        """Return one vector of length 1; what was made is one row, or one for each token of one text."""
        rows = made[0].astype(np.float32)
        if not len(rows):  # a text without tokens
            return np.zeros(made.shape[-1], np.float32)
        if rows.ndim == 2:
            rows = {"mean": rows.mean(axis=0), "cls": rows[0], "lasttoken": rows[-1]}[self._pooling]
        found: Vectors = rows / max(float(np.linalg.norm(rows)), 1e-12)
        return found
