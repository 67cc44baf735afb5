"""From a model's name to its profile, from all that is known about it."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from codelab.core.errors import ModelError
from codelab_models.gguf import GgufFacts, read_gguf
from codelab_models.providers import provider_of
from codelab_models.registry.families import Family, family_facts, known_families, size_facts
from codelab_models.registry.known_models import map_facts
from codelab_models.registry.profile import Facts, Profile, profile_from

HOLDS_TO_A_SCHEMA = frozenset({"ollama", "lm_studio", "hosted_vllm", "llamafile"})
"""Providers whose servers hold any model to a JSON schema while it answers."""

_INFILL_TOKENS = ("tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id")
_TOOLS_IN_TEMPLATE = ("tools", "tool_call")


def profile_of(
    model: str, own: Iterable[Family] = (), *, said: Facts | None = None, file: Path | None = None
) -> Profile:
    """Return what a model can do.

    Args:
        model: As litellm names it, or the name of a GGUF file.
        own: The person's families (``own_families``); they win.
        said: What the server that runs it says about it.
        file: The GGUF file that is run; one that cannot be read, or is not whole, says nothing.
    """
    server = {"json_schema": True} if provider_of(model).name in HOLDS_TO_A_SCHEMA else {}
    sources: list[Facts] = [size_facts(model), *family_facts(model, known_families()), server]
    if file is not None:
        sources += _file_facts(file, file.stat().st_mtime_ns if file.exists() else 0)
    else:
        sources.append(map_facts(model))
    return profile_from([*sources, said or {}], family_facts(model, own))


def gguf_facts(found: GgufFacts) -> Facts:
    """Return what a GGUF file says about the capabilities of its model, run by llama.cpp.

    A grammar holds any model to a schema there. Whether it calls tools by itself is taken from its template.
    """
    said, template = found.metadata, found.chat_template
    facts: dict[str, str | int | float | bool] = {"json_schema": True}
    context = said.get(f"{found.architecture}.context_length")
    if isinstance(context, int) and context > 0:
        facts["context"] = context
    pooled = f"{found.architecture}.pooling_type" in said
    if not found.writes or (pooled and not template):
        return {**facts, "chat": False, "embedding": True, "json_schema": False}
    facts["calls"] = "native" if any(word in template for word in _TOOLS_IN_TEMPLATE) else "json"
    if any(key in said for key in _INFILL_TOKENS):
        facts["fill_in_the_middle"] = True
    return facts


@lru_cache(maxsize=64)
def _file_facts(file: Path, modified: int) -> tuple[Facts, ...]:
    try:
        found = read_gguf(file)
    except ModelError:
        return ()
    named = family_facts(found.name, known_families()) if found.name else []
    return (*named, gguf_facts(found))
