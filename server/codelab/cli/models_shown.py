"""What ``codelab models`` shows: what was found, and the model of each role with the reasons."""

import os
from dataclasses import asdict
from pathlib import Path

from codelab.cli.reports import Data
from codelab.cli.terminal import Terminal
from codelab.config.load import load_settings
from codelab.config.places import find_places
from codelab.core.errors import ModelError
from codelab_models.choosing import ModelChooser
from codelab_models.embedders import BUNDLED, NONE, source_of
from codelab_models.found import Found, find_everything
from codelab_models.registry.profile import in_words
from codelab_models.registry.select import Choice, Role, Task

_ENDPOINT = "models.endpoint"
_MODELS_SHOWN = 6
_SERVER_SECONDS = 3.0  # a person waits for the answer, and only where a port is open and silent


async def show_models(terminal: Terminal) -> int:
    """Show or print everything."""
    places = find_places()
    settings = load_settings(places).settings
    inventory = await find_everything(
        os.environ, Path.home(), places, settings.models, seconds=_SERVER_SECONDS
    )
    chooser = ModelChooser(places, settings, os.environ, inventory=inventory)
    roles: list[Data] = []
    for role in Role:
        try:
            choice = await chooser.choose(Task(role))
            roles.append(_choice_data(choice, source_of(settings.models)))
        except ModelError as error:
            roles.append({"role": role.value, "model": "", "steps": [], "error": str(error)})
    unnamed = [row for row in roles if row.get("from") == _ENDPOINT and not row["model"]]
    if unnamed:
        told = await _first_listed(settings.models.endpoint)
        for row in unnamed:
            row.update(told)
    if terminal.as_json:
        terminal.show_json({"found": [_found_data(one) for one in inventory.found], "roles": roles})
        return 0
    for row in roles:
        _show_role(row, terminal)
    terminal.show("")
    nothing_set = any(not (row.get("model") or row.get("from") or row.get("error")) for row in roles)
    if nothing_set:
        terminal.show_grey("Where no model is set, one that the editor or the assistant lends answers there.")
    if not inventory.found and nothing_set:
        terminal.show("Nothing was found: no key, no model server on this machine, no GGUF file.")
        terminal.show_grey("docs/models.md says how to get a model; `codelab models pull` downloads one.")
    for found in inventory.found:
        terminal.show(f"{found.kind:<6} {found.name}")
        if len(found.models) > 1:
            more = len(found.models) - _MODELS_SHOWN
            shown = ", ".join(found.models[:_MODELS_SHOWN]) + (f" and {more} more" if more > 0 else "")
            terminal.show(f"       {shown}")
        terminal.show_grey(f"       {found.adds}")
        if found.advice:
            terminal.show_grey(f"       {found.advice}")
    return 0


async def _first_listed(endpoint: str) -> Data:
    """Return the first model that a server lists, or why that cannot be told."""
    from codelab_models.client import EndpointModel

    try:
        return {"listed": await EndpointModel(endpoint, first_token_seconds=_SERVER_SECONDS).first_model()}
    except ModelError as error:
        return {"error": str(error)}


def _choice_data(choice: Choice, embedding: str) -> Data:
    if choice.role is Role.EMBEDDING and choice.candidate is None:
        return {"role": choice.role.value, **_without_a_model(embedding)}
    one = choice.candidate
    return {
        "role": choice.role.value,
        "model": choice.model,
        "from": one.origin if one else "",
        "steps": list(choice.steps),
        "capabilities": asdict(one.profile) if one else {},
        "file_bytes": one.file_bytes if one else 0,
        "summary": in_words(one.profile) if one else "",
        "others": [other.model for other in choice.others],
    }


def _without_a_model(source: str) -> Data:
    why = {
        BUNDLED: "The bundled embedder is used, as models.embedding is not set: no code leaves this machine.",
        "": f"Nothing is embedded: models.embedding is {NONE}, or no embedder is bundled.",
    }
    return {"model": source, "from": "default", "steps": [why.get(source, "")]}


def _show_role(row: Data, terminal: Terminal) -> None:
    unnamed = "the first model that it lists" if row.get("from") == _ENDPOINT else "-"
    if listed := row.get("listed"):
        unnamed = f"{listed} (the first model that the server lists)"
    terminal.show(f"{row['role']!s:<10} {row.get('model') or unnamed}")
    steps = row["steps"]
    for step in steps if isinstance(steps, list) else ():
        terminal.show_grey(f"           {step}")
    if error := row.get("error"):
        terminal.show(f"           {error}")


def _found_data(found: Found) -> Data:
    told = {"advice": found.advice} if found.advice else {}
    return {"kind": found.kind, "name": found.name, "adds": found.adds, "models": list(found.models), **told}
