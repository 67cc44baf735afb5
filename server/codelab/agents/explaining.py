"""What policy would say about a call that nobody makes, for a person who wants to know."""

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from codelab.agents.permission import with_command
from codelab.agents.services import Services
from codelab.core.errors import Denied, InputError
from codelab.policy.call import PolicyCall
from codelab.policy.explain import Explanation, Supposed, explain
from codelab.policy.taint import UNTAINTED, Taint
from codelab.tools.catalog import TOOLS
from codelab.tools.contract import Command, Tool

_READ = ("what you suppose it has read",)


async def explain_call(services: Services, tool_name: str, arguments: str, supposed: Supposed) -> Explanation:
    """Decide about a call without making it.

    Args:
        services: The parts of this face.
        tool_name: The tool.
        arguments: Its arguments as JSON.
        supposed: Who would call, and where.

    Raises:
        InputError: There is no such tool, or these are no arguments of it.
        PathRefused: A path leads out of the workspace.
    """
    tool = TOOLS.get(tool_name)
    if tool is None:
        raise InputError(f"There is no tool {tool_name!r}", fix=f"Tools: {', '.join(TOOLS)}")
    try:
        given = tool.arguments.model_validate_json(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "arguments"
        raise InputError(f"These are no arguments of {tool_name}", why=f"{where}: {first['msg']}") from None
    call = PolicyCall(
        tool=tool.name,
        risk=tool.risk,
        touches=tuple(tool.touches(given, services.tools)),
        agent=supposed.agent,
        client=services.client,
        mode=supposed.mode,
        taint=Taint(_READ, _READ) if supposed.tainted else UNTAINTED,
    )
    return explain(await _with_command(services, call, tool, given), services.rules)


async def _with_command(services: Services, call: PolicyCall, tool: Tool[Any], given: Any) -> PolicyCall:
    """Return a call with the command that its tool would run; no tool changes anything by being called."""
    if not tool.commands:
        return call
    outcome = await tool.call(given, services.tools)
    if not isinstance(outcome, Command):
        return call
    try:
        return await with_command(services, call, outcome)
    except Denied:  # commands are off here; what policy would say is known all the same
        return replace(call, argv=outcome.argv)
