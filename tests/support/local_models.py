"""A model host of a test's own, asked over HTTP for GGUF files."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab_models.rendezvous import find_rendezvous
from codelab_models.start import ensure_host

GUARD_SECONDS = 110.0


@asynccontextmanager
async def host_client(places: Places) -> AsyncIterator[httpx.AsyncClient]:
    """Speak HTTP to the host of these places, started if there is none; no answer of before serves."""
    await ensure_host(places, Settings())
    transport = httpx.AsyncHTTPTransport(uds=str(find_rendezvous(places).socket))
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://host/v1",
        timeout=GUARD_SECONDS,
        headers={"Cache-Control": "no-store"},
    ) as client:
        yield client


def chat_body(path: Path, text: str = "hello", **fields: Any) -> dict[str, Any]:
    """Return a request to chat with a GGUF file."""
    return {"model": f"gguf:{path}", "messages": [{"role": "user", "content": text}], **fields}


async def events(response: httpx.Response) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the events of a stream as they come."""
    async for line in response.aiter_lines():
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line[6:])


def text_in(event: dict[str, Any]) -> str:
    """Return the text in a chunk."""
    choices = event.get("choices") or [{}]
    return str((choices[0].get("delta") or {}).get("content") or "")


def children_of(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def command_of(pid: int) -> str:
    """Return the command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_text()


def computing_ticks(pid: int) -> int:
    """Return how long a process has computed since it began, in the kernel's ticks."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])
