"""How much memory a model gets, and how much context that leaves it."""

from dataclasses import dataclass
from enum import StrEnum

from codelab.config.settings import ModelSettings
from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure
from codelab_models.gguf import GgufFacts
from codelab_models.memory import memory_bytes
from codelab_models.sentence_models import SentenceModel

BATCH = 512
"""Tokens of a prompt that are evaluated at once."""

EMBEDDING_CONTEXT = 2048
"""Most tokens of a text that is embedded; longer ones are cut."""

SMALLEST_CONTEXT = 2048

_OVERHEAD_BYTES = 64_000_000  # Python, llama.cpp and what they allocate for any model
_ONNX_TIMES = 1.5  # of the file: onnxruntime keeps some of the weights in another layout too
_SHARE = 0.75
_STEP = 256


class Purpose(StrEnum):
    """What a model is loaded for; llama.cpp does one of the first two, onnxruntime the last."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    SENTENCES = "sentences"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model is given.

    Attributes:
        context: Tokens.
        need_bytes: Memory, estimated from above: weights, attention cache, buffers.
    """

    context: int
    need_bytes: int


def ceiling_bytes(settings: ModelSettings) -> int:
    """Return the memory that all loaded models together may have."""
    return int(settings.local_memory_gb * 1e9) or int(memory_bytes() * _SHARE)


def sentence_plan(model: SentenceModel, settings: ModelSettings) -> Plan:
    """Return what an embedder in an ONNX file is given if no other is loaded.

    Args:
        model: The embedder.
        settings: The memory ceiling.

    Raises:
        ModelError: It is too large.
    """
    need = int(model.size_bytes * _ONNX_TIMES) + _OVERHEAD_BYTES
    if need > ceiling_bytes(settings):
        raise _too_large(model.file.name, need, ceiling_bytes(settings))
    return Plan(model.tokens, need)


def plan_for(facts: GgufFacts, purpose: Purpose, settings: ModelSettings) -> Plan:
    """Return what a model is given if no other is loaded.

    Args:
        facts: The model.
        purpose: What it is loaded for.
        settings: The memory ceiling and the most context.

    Raises:
        ModelError: It cannot do that, or is too large even with a small context.
    """
    if purpose is Purpose.CHAT and not facts.writes:
        why = f"Models of the kind {facts.architecture!r} make vectors and cannot write"
        fix = "Use it in `models.embedding`, and another in `models.chat`"
        raise failure(FailureKind.REFUSED, f"{facts.path.name} cannot answer", why=why, fix=fix)
    ceiling = ceiling_bytes(settings)
    most = min(settings.local_context, facts.context_length)
    if purpose is Purpose.EMBEDDING:
        most = min(EMBEDDING_CONTEXT, facts.context_length)
    batch = BATCH if purpose is Purpose.CHAT else most
    # The last layer's output and some hidden states of a batch, in 32-bit numbers.
    buffers = batch * (facts.vocabulary + 16 * facts.embedding_length) * 4
    fixed = facts.size_bytes + buffers + _OVERHEAD_BYTES
    smallest = min(SMALLEST_CONTEXT, most)
    if fixed + smallest * facts.kv_bytes_per_token > ceiling:
        raise _too_large(facts.path.name, fixed + smallest * facts.kv_bytes_per_token, ceiling)
    context = most
    if facts.kv_bytes_per_token:
        context = min(most, (ceiling - fixed) // facts.kv_bytes_per_token)
    if context > _STEP:
        context -= context % _STEP
    return Plan(context, fixed + context * facts.kv_bytes_per_token)


def _too_large(name: str, need: int, ceiling: int) -> ModelError:
    return failure(
        FailureKind.REFUSED,
        f"{name} is too large for this machine",
        why=f"It wants {need / 1e9:.1f} GB of memory, and local models may have {ceiling / 1e9:.1f} GB",
        fix="Choose a smaller file or a stronger quantisation, or raise `models.local_memory_gb`",
    )
