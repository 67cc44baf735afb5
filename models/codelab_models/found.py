"""What this machine already has that could answer, for a person who has not chosen a model yet."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codelab.config.settings import Settings
from codelab.core.errors import ModelError
from codelab_models.providers import PROVIDERS, provider_of
from codelab_models.transport import Address

PROBE_SECONDS = 0.5
FILES_SHOWN = 20
FOLDERS_LOOKED_AT = 2000

LOCAL_SERVERS = (
    ("Ollama", "ollama", "http://127.0.0.1:11434/v1"),
    ("LM Studio", "lm_studio", "http://127.0.0.1:1234/v1"),
    ("llama.cpp or vLLM", "", "http://127.0.0.1:8080/v1"),
    ("vLLM", "", "http://127.0.0.1:8000/v1"),
)

MODEL_FOLDERS = (
    "models",
    ".lmstudio/models",
    ".cache/lm-studio/models",
    ".cache/llama.cpp",
    ".cache/huggingface/hub",
    ".local/share/nomic.ai/GPT4All",
    "Library/Caches/llama.cpp",
)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that could answer.

    Attributes:
        kind: ``key``, ``server`` or ``file``.
        name: What it is: the name of an environment variable, a server, a file's path. Never a key.
        adds: The command that makes CodeLab use it.
    """

    kind: str
    name: str
    adds: str

    def __str__(self) -> str:
        return f"{self.name}: `{self.adds}`"


def describe(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Say in lines for a person which model is used and which keys are in the environment, names only.

    Args:
        settings: What is configured.
        environ: Where keys may be.
    """
    models = settings.models
    lines = []
    if models.endpoint:
        where = Address(models.endpoint).where
        lines.append(f"Answers come from {where}, model {models.chat or 'the first that it lists'}")
    elif models.chat:
        base = f" at {Address(models.api_base).where}" if models.api_base else ""
        lines.append(f"Answers come from {models.chat}{base} through the model host")
        keys = ("CODELAB_API_KEY", *provider_of(models.chat).keys)
        if not any(environ.get(name) for name in keys) and len(keys) > 1 and not models.api_base:
            lines.append(f"No key for it is in the environment ({' or '.join(keys[1:])})")
    else:
        lines.append("No model is configured: answers are what the index finds")
    return [*lines, *(str(found) for found in find_keys(environ))]


def find_keys(environ: Mapping[str, str]) -> list[Found]:
    """Return the provider keys in an environment, by name."""
    return [
        Found("key", f"{variable} is set ({provider.title})", _use(f"{provider.name}/{provider.example}"))
        for provider in PROVIDERS
        for variable in provider.keys
        if environ.get(variable) and provider.example
    ]


async def find_servers(
    servers: tuple[tuple[str, str, str], ...] = LOCAL_SERVERS, *, seconds: float = PROBE_SECONDS
) -> list[Found]:
    """Ask the usual loopback ports whether a model server answers there.

    Args:
        servers: Title, litellm's prefix (empty to use the server as endpoint), base URL of each.
        seconds: Longest wait for each; they are asked at once.
    """
    found = await asyncio.gather(*(_probe(*server, seconds) for server in servers))
    return [one for one in found if one is not None]


def find_files(home: Path, more: tuple[Path, ...] = ()) -> list[Found]:
    """Return GGUF files in the folders where programs keep them; looks at a bounded number of folders.

    Args:
        home: The person's home folder.
        more: Further folders.
    """
    found: list[Found] = []
    looked_at = 0
    for folder in (*more, *(home / name for name in MODEL_FOLDERS)):
        for here, folders, names in os.walk(folder):
            folders.sort()
            looked_at += 1
            if looked_at > FOLDERS_LOOKED_AT or len(found) >= FILES_SHOWN:
                return found[:FILES_SHOWN]
            for name in sorted(names):
                if name.lower().endswith(".gguf") and "mmproj" not in name.lower():
                    path = Path(here) / name
                    found.append(Found("file", str(path), f"llama-server --jinja -m '{path}'"))
    return found[:FILES_SHOWN]


async def _probe(title: str, prefix: str, base_url: str, seconds: float) -> Found | None:
    from codelab_models.client import EndpointModel

    try:
        names = await EndpointModel(base_url, first_token_seconds=seconds).models()
    except ModelError:
        return None
    if not names:
        return Found("server", f"{title} runs at {base_url} and has no model", f"ollama pull {_SMALL}")
    if prefix:
        return Found(
            "server", f"{title} runs at {base_url} ({len(names)} models)", _use(f"{prefix}/{names[0]}")
        )
    return Found("server", f"{title} runs at {base_url}", f"codelab config set models.endpoint {base_url}")


_SMALL = "qwen2.5-coder:7b"


def _use(model: str) -> str:
    return f"codelab config set models.chat '{model}'"
