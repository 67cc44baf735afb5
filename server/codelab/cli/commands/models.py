"""``codelab models``: what can answer, what each role uses and why; choosing, trying and getting models."""

import argparse
from pathlib import Path

from codelab.cli.models_getting import pull_model
from codelab.cli.models_shown import show_models
from codelab.cli.models_tried import try_models
from codelab.cli.opening import run_async
from codelab.cli.terminal import Terminal
from codelab.config.edit import set_user_setting
from codelab.config.load import load_settings
from codelab.config.places import find_places
from codelab.core.errors import InputError

ROLES = ("chat", "planning", "code", "fast", "embedding")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="list")
    listing = actions.add_parser("list", help="what was found, what each role uses and why (default)")
    use = actions.add_parser("use", help="let a role use a model")
    use.add_argument("role", help="planning, code or fast; chat for all three; embedding")
    use.add_argument(
        "model", help="as `codelab models` shows it, or a GGUF file; auto: the best that is found; none"
    )
    trying = actions.add_parser("test", help="ask the model of each role once, and say how long it took")
    pull = actions.add_parser("pull", help="download a GGUF file; without a name: the names that there are")
    pull.add_argument("name", nargs="?", default="", help="a short name, or owner/repository/file.gguf")
    for action in (listing, use, trying, pull):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """List, choose, try or get models."""
    if options.action == "use":
        return run_async(_use(options.role, options.model, terminal))
    if options.action == "pull":
        return pull_model(options.name, terminal)
    if options.action == "test":
        return run_async(try_models(terminal))
    return run_async(show_models(terminal))


async def _use(role: str, model: str, terminal: Terminal) -> int:
    from codelab.cli.models_settled import settled_embedder
    from codelab_models.local_models import model_folders
    from codelab_models.naming import AUTO, as_setting

    if role not in ROLES:
        raise InputError(f"There is no role {role!r}", fix=f"The roles are {', '.join(ROLES)}")
    places = find_places()
    more = load_settings(places).settings.models.local_folders
    value = as_setting(role, model, model_folders(Path.home(), places.models, more))
    if role == "embedding" and value == AUTO:
        value = await settled_embedder(terminal)
    changed = set_user_setting(places, f"models.{role}", value or '""')
    endpoint = load_settings(places).settings.models.endpoint
    if terminal.as_json:
        terminal.show_json({"role": role, "model": value, "file": str(changed)})
        return 0
    terminal.show(f"{role} uses {value} now." if value else f"{role} has no model of its own now.")
    if endpoint:
        terminal.note(f"It is asked at {endpoint}, which models.endpoint names.")
    if value:
        terminal.note("`codelab models test` tries it.")
    return 0
