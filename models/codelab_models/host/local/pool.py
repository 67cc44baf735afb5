"""The loaded models: each once, however many ask; under a ceiling of memory."""

import asyncio
import importlib.util
import itertools
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from codelab.config.settings import ModelSettings
from codelab_models.failures import FailureKind, failure
from codelab_models.gguf import read_gguf
from codelab_models.host.local.machine import threads
from codelab_models.host.local.plan import BATCH, Plan, Purpose, ceiling_bytes, plan_for, sentence_plan
from codelab_models.host.local.process import LocalProcess, start_process
from codelab_models.sentence_models import read_sentence_model

log = logging.getLogger("codelab.host")


class _Key(NamedTuple):
    path: Path
    purpose: Purpose
    written: tuple[int, int]  # size and time: a file that was replaced is another model


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory; ``template`` is its chat template."""

    process: LocalProcess
    plan: Plan
    template: str


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
            path: The GGUF file, or the ONNX file of an embedder.
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

    async def now(self, path: Path, purpose: Purpose) -> Loaded | None:
        """Return a model if it is loaded, whoever has it, for what needs no turn."""
        loaded = self._loaded.get(await asyncio.to_thread(_key_of, path, purpose))
        return None if loaded is None or loaded.process.ended else loaded

    async def close(self) -> None:
        """End all children."""
        loaded, self._loaded = list(self._loaded.values()), {}
        await asyncio.gather(*(one.process.kill() for one in loaded))

    async def _load(self, key: _Key) -> Loaded:
        async with self._loading:
            if found := self._loaded.get(key):
                return found
            settings = self._settings()
            prepare = _prepare_sentences if key.purpose is Purpose.SENTENCES else _prepare
            plan, spec, template = await asyncio.to_thread(prepare, key, settings)
            await self._make_room(plan.need_bytes, ceiling_bytes(settings))
            spec = {"path": str(key.path), "purpose": key.purpose, "threads": threads(), **spec}
            process = await start_process(key.path.name, spec)
            log.info(
                "%s loaded for %s, process %d, %d tokens",
                key.path.name,
                key.purpose,
                process.pid,
                plan.context,
            )
            loaded = self._loaded[key] = Loaded(process, plan, template)
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


def _prepare(key: _Key, settings: ModelSettings) -> tuple[Plan, dict[str, Any], str]:
    """Return what a GGUF file is given, what its process is told beside that, and its chat template."""
    facts = read_gguf(key.path)
    if importlib.util.find_spec("llama_cpp") is None:
        raise not_installed()
    plan = plan_for(facts, key.purpose, settings)
    told = {"template": facts.chat_template, "pooled": facts.embeds, "context": plan.context, "batch": BATCH}
    return plan, told, facts.chat_template


def _prepare_sentences(key: _Key, settings: ModelSettings) -> tuple[Plan, dict[str, Any], str]:
    """Return the same for an ONNX file."""
    if any(importlib.util.find_spec(name) is None for name in ("onnxruntime", "tokenizers")):
        raise failure(
            FailureKind.REFUSED,
            "Embedders of the sentence-transformers kind need onnxruntime, which is not installed",
            why="It has 60 MB that only they need, so it does not come with CodeLab",
            fix='Run `pip install "codelab[onnx]"` where CodeLab is installed',
        )
    model = read_sentence_model(key.path)
    plan = sentence_plan(model, settings)
    return plan, {"tokenizer": str(model.tokenizer), "pooling": model.pooling, "tokens": model.tokens}, ""


def not_installed() -> Exception:
    """Return the failure that says how GGUF files are made possible."""
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
    # An embedder's other files lie beside its name, which in the hub's cache is a link.
    real = path if purpose is Purpose.SENTENCES else path.resolve()
    return _Key(real, purpose, (found.st_size, found.st_mtime_ns))
