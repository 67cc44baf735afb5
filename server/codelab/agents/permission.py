"""A tool call put together for policy: what the run knows about it, as plain data."""

from collections.abc import Sequence

from codelab.agents.run import ActiveRun
from codelab.policy.call import PolicyCall
from codelab.policy.types import Risk, Touch


def policy_call(
    run: ActiveRun,
    tool: str,
    risk: Risk,
    touches: Sequence[Touch],
    *,
    argv: tuple[str, ...] = (),
    environment: str = "",
) -> PolicyCall:
    """Return a call as policy sees it.

    Args:
        run: The run that calls.
        tool: The tool's name.
        risk: The risk that the tool declares.
        touches: What the call reads, writes or runs something in.
        argv: The command that it runs, where that is known.
        environment: The kind of sandbox in which that command runs.
    """
    return PolicyCall(
        tool=tool,
        risk=risk,
        touches=tuple(touches),
        argv=argv,
        agent=run.template.name,
        session=run.session,
        client=run.services.client,
        mode=run.mode,
        taint=run.taint,
        environment=environment,
    )
