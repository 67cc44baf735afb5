"""Choosing a model for a task: what the settings name, what is reachable now, and the reasons in words."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError
from codelab_models.found import Inventory, find_everything, local_places
from codelab_models.in_turn import EDITOR
from codelab_models.memory import memory_bytes
from codelab_models.naming import AUTO, file_named, of_file
from codelab_models.providers import provider_of
from codelab_models.registry.describe import profile_of
from codelab_models.registry.families import Family, own_families
from codelab_models.registry.profile import UNKNOWN, Facts
from codelab_models.registry.select import CHAT_ROLES, Candidate, Choice, Role, Task, select
from codelab_models.servers import PROBE_SECONDS, Server, look_at
from codelab_models.unknown import missing_in_ollama, no_such_file, not_running, unknown_model

LOOK_AGAIN_SECONDS = 30.0
PROFILES = "profiles"


@dataclass(slots=True)
class _Reach:
    """What is known about models now: why some cannot be asked, and the failure that this would be."""

    at: float = float("-inf")
    servers: dict[str, Server] = field(default_factory=dict)


class ModelChooser:
    """Chooses for one face; remembers for half a minute what was reachable.

    Args:
        places: Where the person's profiles are.
        settings: What each role uses.
        environ: Where keys and the addresses of servers may be.
        lent: Whether the face's client lends a model; it is asked where the settings name none.
        inventory: What was found on this machine, if somebody has looked already.
        seconds: Longest wait for a server on this machine.
    """

    def __init__(
        self,
        places: Places,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        lent: bool = False,
        inventory: Inventory | None = None,
        seconds: float = PROBE_SECONDS,
    ) -> None:
        self._places = places
        self._models = settings.models
        self._environ = environ
        self._lent = lent
        self._inventory = inventory
        self._inventory_at = time.monotonic()
        self._seconds = seconds
        self._reach = _Reach()
        if inventory is not None:
            self._reach = _Reach(time.monotonic(), _by_provider(inventory.servers))

    async def choose(self, task: Task) -> Choice:
        """Choose a model.

        Raises:
            NoModel: The only model that the settings name is known not to exist.
            ModelError: Its server on this machine does not run.
            InputError: A profile of the person's own is wrong.
        """
        named = named_models(task.role, self._models)
        own = await asyncio.to_thread(own_families, self._places.config / PROFILES)
        candidates: list[Candidate] = []
        if self._lent and not named and task.role is not Role.EMBEDDING:
            candidates.append(Candidate(EDITOR, UNKNOWN, "the editor", named=False))
        if not self._models.endpoint:
            await self._look()
            if any(model == AUTO for model, _ in named):
                candidates += await self._found(own)
                named = [(model, origin) for model, origin in named if model != AUTO]
        # The first time takes tens of milliseconds, in which a face has others to answer.
        known, failures = await asyncio.to_thread(self._known, named, own)
        choice = select(task, [*known, *candidates], memory_bytes=memory_bytes())
        if choice.model in failures:
            raise failures[choice.model]
        return choice

    async def _look(self) -> None:
        """Ask the servers on this machine that run models that are named, unless that was just done."""
        named = (model for role in Role for model, _ in named_models(role, self._models))
        providers = {provider_of(model).name for model in named}
        places = [one for one in local_places(self._models, self._environ) if one.provider in providers]
        now = time.monotonic()
        if places and now - self._reach.at >= LOOK_AGAIN_SECONDS:
            self._reach = _Reach(now, _by_provider(await look_at(places, seconds=self._seconds)))

    def _known(
        self, named: Sequence[tuple[str, str]], own: tuple[Family, ...]
    ) -> tuple[list[Candidate], dict[str, ModelError]]:
        """Return the models that are named, and why some of them cannot answer."""
        candidates: list[Candidate] = []
        failures: dict[str, ModelError] = {}
        for model, origin in named:
            candidate = self._candidate(model, origin, own)
            if not self._models.endpoint and (failure := self._failure(model)):
                failures[model] = failure
                candidate = replace(candidate, unreachable=_clause(failure))
            candidates.append(candidate)
        return candidates, failures

    def _candidate(self, model: str, origin: str, own: tuple[Family, ...]) -> Candidate:
        file = file_named(model)
        if file is None or not file.is_file():
            return Candidate(model, profile_of(model, own, said=self._said(model)), origin)
        profile = profile_of(file.name, own, file=file)
        return Candidate(model, profile, origin, file_bytes=file.stat().st_size)

    def _said(self, model: str) -> Facts:
        """Return what the server that runs a model says about it."""
        server = self._reach.servers.get(provider_of(model).name)
        return server.facts.get(model.partition("/")[2], {}) if server else {}

    def _failure(self, model: str) -> ModelError | None:
        """Return why a model cannot answer, as far as that is known without asking it."""
        if unknown := unknown_model(model):
            return unknown
        if (file := file_named(model)) is not None:
            return None if file.is_file() else no_such_file(file)
        server = self._reach.servers.get(provider_of(model).name)
        if server is None:
            return None
        if server.absent:
            return not_running(server)
        name = model.partition("/")[2]
        if server.place.provider == "ollama" and not server.trouble and not server.has(name):
            return missing_in_ollama(name, server)
        return None

    async def _found(self, own: tuple[Family, ...]) -> list[Candidate]:
        """Return what this machine has, as it was at most half a minute ago."""
        now = time.monotonic()
        if self._inventory is None or now - self._inventory_at >= LOOK_AGAIN_SECONDS:
            self._inventory_at = now
            self._inventory = await find_everything(
                self._environ, Path.home(), self._places, self._models, seconds=self._seconds
            )
        return await asyncio.to_thread(found_candidates, self._inventory, own)


def named_models(role: Role, models: ModelSettings) -> list[tuple[str, str]]:
    """Return the models that the settings name for a role, each with the setting that does, best first.

    For the roles that chat these are the role's own, ``models.chat``, the fallbacks, and then those of the
    other roles: the person trusts them too.
    """
    if role is Role.EMBEDDING:
        named_one = models.embedding if models.embedding != "none" else ""
        return [(named_one, "models.embedding")] if named_one else []
    others = [other for other in CHAT_ROLES if other is not role]
    settings = [
        (getattr(models, role.value), f"models.{role}"),
        (models.chat, "models.chat"),
        *((name, "models.fallbacks") for name in models.fallbacks),
        *((getattr(models, other.value), f"models.{other}") for other in others),
    ]
    named: dict[str, str] = {}
    for model, setting in settings:
        if model:
            named.setdefault(model, setting)
    if models.endpoint and not named:
        return [("", "models.endpoint")]
    return list(named.items())


def found_candidates(inventory: Inventory, own: tuple[Family, ...] = ()) -> list[Candidate]:
    """Return the models that were found on this machine as candidates."""
    files = [
        Candidate(
            of_file(path),
            profile_of(path.name, own, file=path),
            "this disk",
            named=False,
            file_bytes=path.stat().st_size,
        )
        for path in inventory.files
        if find_spec("llama_cpp") and path.is_file()
    ]
    return files + [
        Candidate(
            server.named(model),
            profile_of(server.named(model), own, said=server.facts.get(model)),
            server.place.title,
            named=False,
        )
        for server in inventory.servers
        if server.place.provider
        for model in server.models
    ]


def _by_provider(servers: Sequence[Server]) -> dict[str, Server]:
    return {server.place.provider: server for server in servers if server.place.provider}


def _clause(error: ModelError) -> str:
    said = error.why or error.what
    return f"{said[0].lower()}{said[1:]}".rstrip(".")
