"""Agent templates: Markdown files with a TOML head between ``+++`` lines."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from codelab.core.errors import InputError, NotFound
from codelab.tools.catalog import TOOLS
from codelab_models.registry.select import CHAT_ROLES


@dataclass(frozen=True, slots=True)
class Template:
    """An agent as it is written down.

    Attributes:
        name: Its name, as the person sees it.
        description: One line for the directory of agents.
        role: The role of the model that it wants.
        tools: Names of the tools that it may call.
        instructions: The system prompt, Markdown.
    """

    name: str
    description: str
    role: str
    tools: tuple[str, ...]
    instructions: str


def parse_template(text: str, where: str) -> Template:
    """Read a template.

    Args:
        text: The whole file.
        where: What to call the file in an error.

    Raises:
        InputError: The head is missing or wrong, or names a tool that does not exist.
    """
    parts = text.split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise InputError(f"{where} has no head", fix="Begin it with a TOML head between two lines of +++")
    try:
        head = tomllib.loads(parts[1])
        tools = tuple(str(name) for name in head["tools"])
        template = Template(head["name"], head["description"], head["role"], tools, parts[2].strip())
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError(f"The head of {where} is wrong", why=f"{type(error).__name__}: {error}") from error
    if template.role not in CHAT_ROLES:
        roles = ", ".join(CHAT_ROLES)
        raise InputError(
            f"{where} names the role {template.role!r}, which no model has", fix=f"Roles: {roles}"
        )
    if unknown := [name for name in tools if name not in TOOLS]:
        raise InputError(
            f"{where} names the tool {unknown[0]}, which does not exist", fix=f"Tools: {', '.join(TOOLS)}"
        )
    return template


@cache
def load_template(name: str) -> Template:
    """Return a template that CodeLab ships.

    Raises:
        NotFound: There is none of that name.
    """
    file = resources.files("codelab.agents") / "templates" / f"{name}.md"
    if not file.is_file():
        raise NotFound(f"There is no agent called {name}")
    return parse_template(file.read_text(encoding="utf-8"), f"agents/templates/{name}.md")
