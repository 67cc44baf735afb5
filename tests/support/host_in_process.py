"""The model host's application in the test's own process, without litellm: for what is decided before it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from codelab.config.settings import ModelSettings
from codelab_models.accounts.ledger import Ledger
from codelab_models.host.activity import Activity
from codelab_models.host.answers_kept import AnswersKept
from codelab_models.host.app import HostApp
from codelab_models.host.asking import Means
from codelab_models.host.breaker import Breakers
from codelab_models.host.local.backend import LocalBackend
from codelab_models.host.providers_backend import ProvidersBackend
from codelab_models.host.providers_library import ProvidersLibrary
from codelab_models.host.routing import Backends
from codelab_models.rendezvous import ACCESS_HEADER, LIMITS_HEADER
from tests.support.model_server import ScriptedModel

Json = dict[str, Any]
MODEL = "openai/scripted"


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class InProcess:
    """The host's application and a client of it."""

    client: httpx.AsyncClient
    clock: Clock = field(default_factory=Clock)

    async def ask(
        self,
        *servers: ScriptedModel | str,
        text: str = "hello",
        limits: Json | None = None,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> httpx.Response:
        """Ask the models of some servers, each instead of the one before."""
        bases = [server if isinstance(server, str) else server.base_url for server in servers]
        names = [MODEL] + [f"openai/scripted-{number}" for number in range(1, len(bases))]
        others = {name: {"api_base": base} for name, base in zip(names[1:], bases[1:], strict=True)}
        asked = {"model": MODEL, "models": names[1:], "messages": [{"role": "user", "content": text}], **body}
        sent = {
            ACCESS_HEADER: json.dumps({"api_base": bases[0], "models": others}),
            LIMITS_HEADER: json.dumps(limits or {}),
            **(headers or {}),
        }
        return await self.client.post("/v1/chat/completions", json=asked, headers=sent)

    async def said(self, *servers: ScriptedModel | str, **rest: Any) -> str:
        """Return the text of an answer."""
        answer = await self.ask(*servers, **rest)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["choices"][0]["message"]["content"])

    async def refused(self, *servers: ScriptedModel | str, **rest: Any) -> Json:
        """Return how an error is told."""
        answer = await self.ask(*servers, **rest)
        assert answer.status_code != 200, answer.text
        told: Json = {**answer.json()["error"]["codelab"], "status": answer.status_code}
        assert told["what"]
        assert told["fix"]
        assert "\n" not in f"{told['what']}{told['why']}{told['fix']}"
        return told

    async def usage(self, by: str = "model", limits: Json | None = None) -> Json:
        """Return what ``/usage`` tells."""
        sent = {LIMITS_HEADER: json.dumps(limits or {})}
        answer: Json = (await self.client.get("/usage", params={"by": by}, headers=sent)).json()
        return answer


@asynccontextmanager
async def host_in_process(folder: Path) -> AsyncIterator[InProcess]:
    """Run the application; its accounts and its cache are in a folder, and stay there."""
    clock = Clock()
    with application(folder, clock) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            yield InProcess(client, clock)


@asynccontextmanager
async def listening_host(path: Path) -> AsyncIterator[None]:
    """Run the application on a unix socket; its accounts lie beside it."""
    with application(path.parent, Clock()) as app, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, timeout_graceful_shutdown=3)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


@contextmanager
def application(folder: Path, clock: Clock) -> Iterator[HostApp]:
    """Give the application with what it needs, and close that."""
    library = ProvidersLibrary()
    means = Means(
        library,
        Backends(ProvidersBackend(library), LocalBackend(ModelSettings, folder / "models")),
        Ledger(folder / "models.db"),
        Breakers(clock),
        AnswersKept(folder / "answers.db"),
        retry_seconds=0.001,
    )
    try:
        yield HostApp(means, Activity(3600), "0", lambda: None)
    finally:
        means.ledger.close()
        means.kept.close()
