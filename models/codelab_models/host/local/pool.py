"""The loaded models: each once, however many ask; under a ceiling of memory."""

import asyncio
import importlib.util
import itertools
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from codelab.config.settings import ModelSettings
from codelab_models.failures import FailureKind, failure
from codelab_models.gguf import GgufFacts, read_gguf
from codelab_models.host.local.machine import threads
from codelab_models.host.local.plan import BATCH, Plan, Purpose, ceiling_bytes, plan_for
from codelab_models.host.local.process import LocalProcess, start_process

log = logging.getLogger("codelab.host")


class _Key(NamedTuple):
    path: Path
    purpose: Purpose
    written: tuple[int, int]  # size and time: a file that was replaced is another model


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory."""

    process: LocalProcess
    plan: Plan
    facts: GgufFacts


class LocalPool:
    """Loads models when they are asked for, and lets go of what was not used for the longest time.

    Args:
        settings: Returns the person's settings as they are now.
    """

    def __init__(self, settings: Callable[[], ModelSettings]) -> None:
        self._settings = settings
        self._loaded: dict[_Key, Loaded] = {}
        self._loading = asyncio.Lock()
        self._count = itertools.count(1)

    @asynccontextmanager
    async def turn(self, path: Path, purpose: Purpose) -> AsyncGenerator[Loaded, None]:
        """Give a loaded model for the length of the block; callers get it in the order in which they came.

        Args:
            path: The GGUF file.
            purpose: What it is asked for.

        Raises:
            ModelError: It cannot be loaded.
        """
        while True:
            key = await asyncio.to_thread(_key_of, path, purpose)
            loaded = self._loaded.get(key) or await self._load(key)
            async with loaded.process.turn:
                if loaded.process.ended:  # while others had their turn
                    self._forget(key, loaded)
                    continue
                loaded.process.used = next(self._count)
                yield loaded
                return

    async def close(self) -> None:
        """End all children."""
        loaded, self._loaded = list(self._loaded.values()), {}
        await asyncio.gather(*(one.process.kill() for one in loaded))

    async def _load(self, key: _Key) -> Loaded:
        async with self._loading:
            if found := self._loaded.get(key):
                return found
            if importlib.util.find_spec("llama_cpp") is None:
                raise not_installed()
            settings = self._settings()
            facts = await asyncio.to_thread(read_gguf, key.path)
            plan = plan_for(facts, key.purpose, settings)
            await self._make_room(plan.need_bytes, ceiling_bytes(settings))
            spec = {
                "path": str(key.path),
                "purpose": key.purpose,
                "template": facts.chat_template,
                "pooled": facts.embeds,
                "context": plan.context,
                "batch": BATCH,
                "threads": threads(),
            }
            process = await start_process(key.path.name, spec)
            log.info(
                "%s loaded for %s, process %d, %d tokens",
                key.path.name,
                key.purpose,
                process.pid,
                plan.context,
            )
            loaded = self._loaded[key] = Loaded(process, plan, facts)
            return loaded

    async def _make_room(self, bytes_needed: int, ceiling: int) -> None:
        while self._loaded and self._held() + bytes_needed > ceiling:
            key, oldest = min(self._loaded.items(), key=lambda item: item[1].process.used)
            async with oldest.process.turn:  # whoever has it now may finish
                self._forget(key, oldest)
                await oldest.process.kill()
                log.info("%s unloaded", key.path.name)

    def _held(self) -> int:
        for key, loaded in list(self._loaded.items()):
            if loaded.process.ended:
                self._forget(key, loaded)
        return sum(loaded.plan.need_bytes for loaded in self._loaded.values())

    def _forget(self, key: _Key, loaded: Loaded) -> None:
        if self._loaded.get(key) is loaded:
            del self._loaded[key]


def not_installed() -> Exception:
    """Return the failure that says how local models are made possible."""
    return failure(
        FailureKind.REFUSED,
        "GGUF files need llama-cpp-python, which is not installed",
        why="It is compiled on each machine, so it does not come with CodeLab",
        fix='Run `pip install "codelab[local]"` where CodeLab is installed; it takes some minutes and a C++ '
        "compiler",
    )


def _key_of(path: Path, purpose: Purpose) -> _Key:
    try:
        found = path.stat()
    except OSError:
        return _Key(path, purpose, (0, 0))  # reading it says what is wrong
    return _Key(path.resolve(), purpose, (found.st_size, found.st_mtime_ns))
