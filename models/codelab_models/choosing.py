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
from codelab_models.local_candidates import FilesByName, file_candidate
from codelab_models.local_models import is_local, model_folders
from codelab_models.naming import AUTO, EDITOR, of_file
from codelab_models.providers import provider_of
from codelab_models.registry.describe import profile_of
from codelab_models.registry.families import Family, own_families
from codelab_models.registry.profile import UNKNOWN, Facts, Profile
from codelab_models.registry.select import CHAT_ROLES, Candidate, Choice, Role, Task, select
from codelab_models.servers import ENDPOINT, PROBE_SECONDS, Server, endpoint_place, look_at
from codelab_models.unknown import missing_in_ollama, no_lent_model, not_running, unknown_model

LOOK_AGAIN_SECONDS = 30.0
PROFILES = "profiles"
_NO_NAMES = ("There", "The", "No", "It", "Nobody")  # first words that are small in the middle of a sentence


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
        lent: The model that the face's client lends; it is asked where the settings name none.
        inventory: What was found on this machine, if somebody has looked already.
        seconds: Longest wait for a server on this machine.
    """

    def __init__(
        self,
        places: Places,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        lent: Candidate | None = None,
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
        self._files = FilesByName(model_folders(Path.home(), places.models, self._models.local_folders))
        self._reach = _Reach()
        if inventory is not None and not self._models.endpoint:
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
        await self._look()
        candidates: list[Candidate] = []
        if self._lent and not named and task.role is not Role.EMBEDDING:
            candidates.append(self._lent)
        if not self._models.endpoint and any(model == AUTO for model, _ in named):
            candidates += await self._found(own, task.role)
            named = [(model, origin) for model, origin in named if model != AUTO]
        # The first time takes tens of milliseconds, in which a face has others to answer.
        known, failures = await asyncio.to_thread(self._known, named, own, task.role)
        choice = select(task, [*known, *candidates])
        if choice.model in failures:
            raise failures[choice.model]
        return choice

    async def _look(self) -> None:
        """Ask the servers that run models that are named for what they have, unless that was just done."""
        if self._models.endpoint:
            # What it says of lengths stays true, so one answer is enough.
            known = ENDPOINT in self._reach.servers
            places = [] if known else [endpoint_place(self._models.endpoint, self._environ)]
        else:
            named = (model for role in Role for model, _ in named_models(role, self._models))
            providers = {provider_of(model).name for model in named}
            places = [one for one in local_places(self._models, self._environ) if one.provider in providers]
        now = time.monotonic()
        if places and now - self._reach.at >= LOOK_AGAIN_SECONDS:
            self._reach = _Reach(now, _by_provider(await look_at(places, seconds=self._seconds)))

    def _known(
        self, named: Sequence[tuple[str, str]], own: tuple[Family, ...], role: Role
    ) -> tuple[list[Candidate], dict[str, ModelError]]:
        """Return the models that are named, and why some of them cannot answer."""
        candidates: list[Candidate] = []
        failures: dict[str, ModelError] = {}
        for model, origin in named:
            candidate, failure = self._candidate(model, origin, own, role)
            if failure is not None:
                failures[model] = failure
                candidate = replace(candidate, unreachable=_clause(failure))
            candidates.append(candidate)
        return candidates, failures

    def _candidate(
        self, model: str, origin: str, own: tuple[Family, ...], role: Role
    ) -> tuple[Candidate, ModelError | None]:
        """Return a model that is named, and why it cannot answer, as far as is known without asking it."""
        if is_local(model):
            candidate = Candidate(model, profile_of(model, own), origin)
            try:
                path = self._files.find(model)
            except ModelError as error:
                return candidate, error
            return file_candidate(candidate, path, self._models, own, role)
        if model.partition("/")[0] == EDITOR:
            profile = self._lent.profile if self._lent is not None else UNKNOWN
            return Candidate(model, profile, origin), None if self._lent is not None else no_lent_model()
        candidate = Candidate(model, profile_of(model, own, said=self._said(model)), origin)
        return candidate, None if self._models.endpoint else self._failure(model)

    def _said(self, model: str) -> Facts:
        """Return what the server that runs a model says about it."""
        if self._models.endpoint:
            server = self._reach.servers.get(ENDPOINT)
            first = next(iter(server.models), "") if server else ""
            return server.facts.get(model or first, {}) if server else {}
        server = self._reach.servers.get(provider_of(model).name)
        return server.facts.get(model.partition("/")[2], {}) if server else {}

    def _failure(self, model: str) -> ModelError | None:
        """Return why a model of a server cannot answer."""
        if unknown := unknown_model(model):
            return unknown
        server = self._reach.servers.get(provider_of(model).name)
        if server is None:
            return None
        if server.absent:
            return not_running(server)
        name = model.partition("/")[2]
        if server.place.provider == "ollama" and not server.trouble and not server.has(name):
            return missing_in_ollama(name, server)
        return None

    async def _found(self, own: tuple[Family, ...], role: Role) -> list[Candidate]:
        """Return what this machine has, as it was at most half a minute ago."""
        now = time.monotonic()
        if self._inventory is None or now - self._inventory_at >= LOOK_AGAIN_SECONDS:
            self._inventory_at = now
            self._inventory = await find_everything(
                self._environ, Path.home(), self._places, self._models, seconds=self._seconds
            )
        return await asyncio.to_thread(found_candidates, self._inventory, role, self._models, own)


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


def found_candidates(
    inventory: Inventory, role: Role, models: ModelSettings, own: tuple[Family, ...] = ()
) -> list[Candidate]:
    """Return the models that were found on this machine as candidates for a role."""
    files = [
        _found_file(path, role, models, own)
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


def lent_candidate(client: str, profile: Profile) -> Candidate:
    """Return the model that a client lends as a candidate.

    Args:
        client: What the client calls itself.
        profile: What it said of the model.
    """
    return Candidate(EDITOR, profile, client, named=False, how="lends")


def _found_file(path: Path, role: Role, models: ModelSettings, own: tuple[Family, ...]) -> Candidate:
    found = Candidate(of_file(path), UNKNOWN, "this disk", named=False)
    candidate, failure = file_candidate(found, path, models, own, role)
    return replace(candidate, unreachable=_clause(failure)) if failure else candidate


def _by_provider(servers: Sequence[Server]) -> dict[str, Server]:
    named = {server.place.provider or server.place.title: server for server in servers}
    return {name: server for name, server in named.items() if not server.trouble or server.place.provider}


def _clause(error: ModelError) -> str:
    """Return what is against a model in the middle of a sentence: what happened, and why in brackets."""
    what = error.what
    if what.partition(" ")[0] in _NO_NAMES:
        what = f"{what[0].lower()}{what[1:]}"
    why = f"{error.why[:1].lower()}{error.why[1:]}".rstrip(".")
    return f"{what} ({why})" if why else what
