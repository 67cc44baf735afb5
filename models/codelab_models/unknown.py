"""Models that are known not to answer, told before anything is started for them."""

from pathlib import Path

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure, one_line
from codelab_models.registry.known_models import is_known, known_providers, similar_models
from codelab_models.sentence_models import BY_LIBRARY
from codelab_models.servers import Server
from codelab_models.transport import Address

_FINE_TUNED = "ft:"
_OWN = frozenset({"auto", "editor"})
_OWN_PREFIXES = ("gguf:", "local/", "editor/", BY_LIBRARY)


def unknown_model(model: str) -> ModelError | None:
    """Return the failure that asking a model must end in, or None if it may exist.

    litellm takes a model with the name of its provider before it, or one that its map has; new models of
    known providers are left to these.

    Args:
        model: As a setting names it.
    """
    if not model or model in _OWN or model.startswith(_OWN_PREFIXES) or not known_providers():
        return None
    shown = one_line(model)
    provider, slash, _ = model.partition("/")
    if slash:
        if provider in known_providers():
            return None
        why = f"There is no provider {one_line(provider)!r}"
    elif is_known(model) or model.startswith(_FINE_TUNED):
        return None
    else:
        why = "Its name says no provider"
    similar = similar_models(model)
    fix = "Name its provider too, e.g. `ollama/qwen2.5-coder:14b`; `codelab models` shows what is there"
    if similar:
        fix = f"Did you mean {' or '.join(similar)}? Else name its provider too, as in `openai/{shown}`"
    return failure(
        FailureKind.UNKNOWN_MODEL, f"No provider is known for the model {shown!r}", why=why, fix=fix
    )


def no_lent_model() -> ModelError:
    """Return the failure of a setting that names the client's model where the client lends none."""
    return failure(
        FailureKind.UNKNOWN_MODEL,
        "The editor lends no model",
        why="Nobody who is connected here has offered one",
        fix="Set `models.chat` to another model, or use an editor that lends its own (docs/protocol.md)",
    )


def no_such_file(path: Path) -> ModelError:
    """Return the failure of a GGUF file that is not there."""
    return failure(
        FailureKind.UNKNOWN_MODEL,
        f"There is no file {one_line(str(path))}",
        fix="`codelab models` shows the GGUF files that are there; `codelab models pull` gets one",
    )


def missing_in_ollama(name: str, server: Server) -> ModelError:
    """Return the failure of a model that Ollama does not have."""
    there = ", ".join(server.models[:5])
    return failure(
        FailureKind.UNKNOWN_MODEL,
        f"Ollama has no model {one_line(name)!r}",
        why=f"It has {there}" if there else "It has none yet",
        fix=f"`ollama pull {one_line(name)}` gets it; `codelab models` shows what is there",
    )


def not_running(server: Server) -> ModelError:
    """Return the failure of a server on this machine that does not run."""
    title = server.place.title
    start = "`ollama serve` starts it" if server.place.provider == "ollama" else f"Start {title}"
    return failure(
        FailureKind.UNREACHABLE,
        f"{title} does not run",
        why=f"Nothing answers at {Address(server.place.base_url).where}",
        fix=f"{start}, or choose another model: `codelab models` shows what is there",
    )
