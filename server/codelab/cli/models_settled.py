"""``codelab models use embedding auto``: the best embedder that is found becomes the setting, by its name.

The roles that chat choose anew for each question. An embedder is chosen once: else all vectors of all
workspaces would be made anew whenever a server starts or ends.
"""

import os
from pathlib import Path

from codelab.cli.terminal import Terminal
from codelab.config.load import load_settings
from codelab.config.places import find_places
from codelab.core.errors import InputError
from codelab_models.choosing import found_candidates
from codelab_models.found import find_everything
from codelab_models.registry.select import Role, Task, select

_SERVER_SECONDS = 3.0  # a person waits for the answer, and only where a port is open and silent


async def settled_embedder(terminal: Terminal) -> str:
    """Return the name of the best embedder on this machine, empty for the bundled one where there is none.

    Raises:
        InputError: Vectors are made at an endpoint, whose models only the person knows.
    """
    places = find_places()
    models = load_settings(places).settings.models
    if models.endpoint:
        raise InputError(
            "`auto` looks on this machine, and `models.endpoint` names a server",
            fix="Name the model of that server that embeds: `codelab models use embedding NAME`",
        )
    inventory = await find_everything(os.environ, Path.home(), places, models, seconds=_SERVER_SECONDS)
    choice = select(Task(Role.EMBEDDING), found_candidates(inventory, Role.EMBEDDING, models))
    for step in choice.steps if choice.candidate else ():
        terminal.note(step)
    if choice.candidate is None:
        terminal.note("No embedder was found on this machine: the bundled one is used.")
    else:
        terminal.note("Vectors of all workspaces are made anew with it; until then the ones of before serve.")
    return choice.model
