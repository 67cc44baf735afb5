"""From a model's name to its profile, from all that is known about it."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from codelab.core.errors import InputError
from codelab_models.providers import provider_of
from codelab_models.registry.families import Family, family_facts, known_families, size_facts
from codelab_models.registry.gguf_header import gguf_facts, read_gguf_header
from codelab_models.registry.known_models import map_facts
from codelab_models.registry.profile import Facts, Profile, profile_from

HOLDS_TO_A_SCHEMA = frozenset({"ollama", "lm_studio", "hosted_vllm", "llamafile"})
"""Providers whose servers hold any model to a JSON schema while it answers."""


def profile_of(
    model: str, own: Iterable[Family] = (), *, said: Facts | None = None, file: Path | None = None
) -> Profile:
    """Return what a model can do.

    Args:
        model: As litellm names it, or the name of a GGUF file.
        own: The person's families (``own_families``); they win.
        said: What the server that runs it says about it.
        file: The GGUF file that is run; one that cannot be read says nothing.
    """
    server = {"json_schema": True} if provider_of(model).name in HOLDS_TO_A_SCHEMA else {}
    sources: list[Facts] = [size_facts(model), *family_facts(model, known_families()), server]
    if file is not None:
        sources += _file_facts(file, file.stat().st_mtime_ns if file.exists() else 0)
    else:
        sources.append(map_facts(model))
    return profile_from([*sources, said or {}], family_facts(model, own))


@lru_cache(maxsize=64)
def _file_facts(file: Path, modified: int) -> tuple[Facts, ...]:
    try:
        header = read_gguf_header(file)
    except InputError:
        return ()
    named = family_facts(header.name, known_families()) if header.name else []
    return (*named, gguf_facts(header))
