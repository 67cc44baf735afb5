"""``codelab models test``: one real round trip for each role, through the model host, with its times."""

import asyncio
import os
import time
from contextlib import aclosing
from dataclasses import dataclass

from codelab.cli.reports import Data
from codelab.cli.terminal import Terminal
from codelab.config.load import load_settings
from codelab.config.places import Places, find_places
from codelab.config.settings import Settings
from codelab.core.errors import CodeLabError, ModelError, NoModel
from codelab_models.choosing import ModelChooser
from codelab_models.connect import how_to_add_a_model, open_chat_model
from codelab_models.embedders import BUNDLED, open_embedder, source_of
from codelab_models.registry.select import CHAT_ROLES, Role, Task
from codelab_models.wire import ChatRequest, Completion, Message, PromptRead

_MOST_TOKENS = 1024  # a model that thinks first needs some


@dataclass(frozen=True, slots=True)
class _Trip:
    """A round trip: what was asked, when the first piece of text came and when all was there, in seconds."""

    model: str
    first_seconds: float
    seconds: float
    tokens_out: int = 0


async def try_models(terminal: Terminal) -> int:
    """Ask the model of each role once; the exit code is that of the last failure, 0 if all answered."""
    places = find_places()
    settings = load_settings(places).settings
    chooser = ModelChooser(places, settings, os.environ)
    rows: list[Data] = []
    trips: dict[str, _Trip] = {}
    code = 0
    for role in Role:
        terminal.progress(f"asking the model for {role}")
        try:
            trip = await _trip(role, chooser, places, settings, trips)
            rows.append(_row(role, trip))
            _tell(role, trip, terminal)
        except CodeLabError as error:
            rows.append({"role": role.value, "ok": False, "error": str(error)})
            code = error.exit_code
            terminal.clear_progress()
            if not terminal.as_json:
                terminal.show(f"{role:<10} failed: {error}")
    terminal.clear_progress()
    if terminal.as_json:
        terminal.show_json({"ok": code == 0, "roles": rows})
    return code


async def _trip(
    role: Role, chooser: ModelChooser, places: Places, settings: Settings, done: dict[str, _Trip]
) -> _Trip | None:
    """Ask the model of a role, or return what came of asking it for another role; None if it has none."""
    if role is Role.EMBEDDING:
        return await _embedding_trip(places, settings)
    choice = await chooser.choose(Task(role))
    model = open_chat_model(places, settings, os.environ)
    if choice.candidate is None or model is None:
        raise NoModel(f"No model is set for {role}", fix=how_to_add_a_model())
    if choice.model in done:
        return done[choice.model]
    question = (Message("user", "Answer with the one word ready."),)
    request = ChatRequest(
        question, model=choice.model, max_tokens=_MOST_TOKENS, fallbacks=(), agent="models test", fresh=True
    )
    began = time.monotonic()
    first = 0.0
    async with aclosing(model.stream(request)) as stream:
        async for piece in stream:
            if not isinstance(piece, PromptRead):
                first = first or time.monotonic() - began
            if isinstance(piece, Completion):
                name = choice.model or piece.model
                trip = _Trip(name, first, time.monotonic() - began, piece.tokens_out)
                done[choice.model] = trip
                return trip
    raise ModelError(f"{choice.model} broke off without an answer", fix="Try again")


async def _embedding_trip(places: Places, settings: Settings) -> _Trip | None:
    source = source_of(settings.models)
    embedder = await asyncio.to_thread(open_embedder, source, places, settings, os.environ)
    if embedder is None:
        return None
    began = time.monotonic()
    await asyncio.to_thread(embedder.embed_queries, ["where is the file opened"])
    seconds = time.monotonic() - began
    return _Trip(BUNDLED if source == BUNDLED else settings.models.embedding, seconds, seconds)


def _row(role: Role, trip: _Trip | None) -> Data:
    if trip is None:
        return {"role": role.value, "ok": True, "model": "none"}
    return {
        "role": role.value,
        "ok": True,
        "model": trip.model,
        "first_token_seconds": round(trip.first_seconds, 3),
        "seconds": round(trip.seconds, 3),
        "tokens_out": trip.tokens_out,
    }


def _tell(role: Role, trip: _Trip | None, terminal: Terminal) -> None:
    terminal.clear_progress()
    if terminal.as_json:
        return
    if trip is None:
        terminal.show(f"{role:<10} nothing is embedded")
    elif role in CHAT_ROLES:
        speed = f", {trip.tokens_out} tokens" if trip.tokens_out else ""
        terminal.show(
            f"{role:<10} {trip.model}: first token after {trip.first_seconds:.2f} s, "
            f"whole answer after {trip.seconds:.2f} s{speed}"
        )
    else:
        terminal.show(f"{role:<10} {trip.model}: a vector after {trip.seconds:.2f} s")
