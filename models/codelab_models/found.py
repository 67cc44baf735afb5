"""What this machine already has that could answer, for a person who has not chosen a model yet."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.wording import counted
from codelab_models.local_models import files_in, model_folders
from codelab_models.naming import of_file
from codelab_models.ollama import USUAL_CONTEXT
from codelab_models.providers import PROVIDERS, access_for, provider_of
from codelab_models.registry.describe import profile_of
from codelab_models.registry.profile import UNKNOWN, Profile
from codelab_models.servers import PROBE_SECONDS, Place, Server, is_loopback, look_at, places_for
from codelab_models.transport import Address, base_url_of

FILES_SHOWN = 20
MANIFESTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Found:
    """Something that could answer.

    Attributes:
        kind: ``key``, ``server``, ``file`` or ``editor``.
        name: What it is: the name of an environment variable, a server, a file's path. Never a key.
        adds: The command that makes CodeLab use it.
        models: Its models as a setting names them, where they are known.
        advice: What a person should know before they use it.
    """

    kind: str
    name: str
    adds: str
    models: tuple[str, ...] = ()
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.name}: `{self.adds}`"


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that was found.

    Attributes:
        found: In the order in which people have it: keys, servers, files.
        servers: Every place on this machine where a server may be, and what was there.
        files: GGUF files.
    """

    found: tuple[Found, ...]
    servers: tuple[Server, ...]
    files: tuple[Path, ...]


async def find_everything(
    environ: Mapping[str, str],
    home: Path,
    places: Places,
    models: ModelSettings,
    *,
    seconds: float = PROBE_SECONDS,
) -> Inventory:
    """Look everywhere at once; nothing outside this machine is asked.

    Args:
        environ: Where keys and the addresses of servers may be.
        home: The person's home folder.
        places: Where CodeLab keeps models itself.
        models: ``models.api_base`` may name a server on this machine, ``models.local_folders`` folders.
        seconds: Longest wait for each server.
    """
    folders = model_folders(home, places.models, models.local_folders)
    servers, files, pulled = await asyncio.gather(
        look_at(local_places(models, environ), seconds=seconds),
        asyncio.to_thread(lambda: list(files_in(folders, FILES_SHOWN))),
        asyncio.to_thread(pulled_by_ollama, home, environ),
    )
    running = [_server(server) for server in servers if not server.trouble]
    awake = any(server.place.provider == "ollama" and not server.trouble for server in servers)
    held = [_sleeping_ollama(pulled)] if pulled and not awake else []
    of_files = await asyncio.to_thread(lambda: list(map(_file, files)))
    found = (*find_keys(environ), *running, *held, *of_files)
    return Inventory(found, tuple(servers), tuple(files))


def local_places(models: ModelSettings, environ: Mapping[str, str]) -> list[Place]:
    """Return where model servers may be on this machine, each where requests to its models would go."""
    found = []
    for place in places_for(environ):
        named = ""
        if place.provider:
            named = access_for(f"{place.provider}/x", models, environ).parameters.get("api_base", "")
        url = base_url_of(named) if named else place.base_url
        if is_loopback(url):
            found.append(replace(place, base_url=url))
    return found


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
        Found(
            "key",
            f"{variable} is set ({provider.title})",
            _use(f"{provider.name}/{provider.example}"),
            (f"{provider.name}/{provider.example}",),
        )
        for provider in PROVIDERS
        for variable in provider.keys
        if environ.get(variable) and provider.example
    ]


def pulled_by_ollama(home: Path, environ: Mapping[str, str]) -> list[str]:
    """Return the models that Ollama keeps on this disk, as its manifests name them.

    Its blobs are named by their digests, and it alone knows how to run them, so they are no GGUF
    files to use.

    Args:
        home: The person's home folder.
        environ: ``OLLAMA_MODELS`` may name another folder.
    """
    root = Path(environ.get("OLLAMA_MODELS") or home / ".ollama" / "models") / "manifests"
    names: list[str] = []
    for path in sorted(root.glob("*/*/*/*"))[:MANIFESTS_SHOWN] if root.is_dir() else ():
        owner, model, tag = path.parts[-3:]
        try:
            layers = json.loads(path.read_bytes())["layers"]
            holds_a_model = any(str(one["mediaType"]).endswith("image.model") for one in layers)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if holds_a_model:
            names.append(f"{'' if owner == 'library' else f'{owner}/'}{model}:{tag}")
    return names


def _server(server: Server) -> Found:
    place = server.place
    where = f"{place.title} runs at {Address(place.base_url).where}"
    if not server.models:
        pull = f"ollama pull {_SMALL}" if place.provider == "ollama" else f"load a model in {place.title}"
        return Found("server", f"{where} and has no model", pull)
    models = tuple(server.named(model) for model in server.models)
    some = counted(len(models), "model")
    if place.provider:
        able = [profile_of(server.named(one), said=server.facts.get(one)) for one in server.models]
        first = next((at for at, profile in enumerate(able) if profile.chat), 0)
        adds = _use(models[first], able[first])
        return Found("server", f"{where} ({some})", adds, models, _advice(server))
    return Found(
        "server", f"{where} ({some})", f"codelab config set models.endpoint {place.base_url}", models
    )


def _advice(server: Server) -> str:
    contexts = [facts.get("context") for facts in server.facts.values() if facts.get("chat", True)]
    if server.place.provider != "ollama" or USUAL_CONTEXT not in contexts:
        return ""
    return (
        f"It gives a model {USUAL_CONTEXT:,} tokens of context unless told otherwise, which is little for"
        " code: `OLLAMA_CONTEXT_LENGTH=32768 ollama serve`"
    )


def _sleeping_ollama(pulled: list[str]) -> Found:
    some = ", ".join(pulled[:3]) + (f" and {len(pulled) - 3} more" if len(pulled) > 3 else "")
    return Found("server", f"Ollama has {some} but does not run", "ollama serve")


def _file(path: Path) -> Found:
    return Found("file", str(path), _use(of_file(path), profile_of(path.name, file=path)), (of_file(path),))


_SMALL = "qwen2.5-coder:7b"


def _use(model: str, profile: Profile = UNKNOWN) -> str:
    role = "chat" if profile.chat else "embedding"
    return f"codelab models use {role} '{model}'"
