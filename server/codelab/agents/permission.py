"""Asking policy about a tool call: what the run knows about the call, put together as plain data."""

import asyncio
import shlex
from collections.abc import Sequence
from dataclasses import replace

from codelab.agents.run import ActiveRun
from codelab.agents.services import Services
from codelab.index.parsing.parse import parse_parts
from codelab.policy.call import PolicyCall
from codelab.policy.decide import decide
from codelab.policy.types import Access, Outcome, PolicyDecision, Risk, Touch
from codelab.sandbox.probe import find_sandbox
from codelab.tools.contract import Command, FileChange, ToolError


def policy_call(run: ActiveRun, tool: str, risk: Risk, touches: Sequence[Touch]) -> PolicyCall:
    """Return a call as policy sees it before the tool has done anything.

    Args:
        run: The run that calls.
        tool: The tool's name.
        risk: The risk that the tool declares.
        touches: What the call reads, writes or runs something in.
    """
    return PolicyCall(
        tool=tool,
        risk=risk,
        touches=tuple(touches),
        agent=run.template.name,
        session=run.session,
        client=run.services.client,
        mode=run.mode,
        taint=run.taint,
        requested=run.requested,
    )


async def with_command(services: Services, call: PolicyCall, command: Command) -> PolicyCall:
    """Return a call together with the command that its tool wants run, and where that would run.

    Raises:
        Denied: Commands cannot run on this machine.
    """
    settings, folder = services.settings.sandbox, services.commands
    sandbox = await asyncio.to_thread(
        find_sandbox, folder, as_root=settings.as_root, unsandboxed=settings.unsandboxed
    )
    return replace(
        call,
        argv=argv_for_policy(command),
        hosts=(command.host,) if command.host else (),
        environment=sandbox.kind.value,
    )


def argv_for_policy(command: Command) -> tuple[str, ...]:
    """Return a command as rules name it: ``git push``, also where more words stand before ``push``."""
    return tuple(shlex.split(command.shown)) if command.reach or command.merge else command.argv


async def with_imports(run: ActiveRun, call: PolicyCall, change: FileChange) -> PolicyCall:
    """Return a call together with what its change imports and the file did not import before.

    The texts are only read where some rule speaks of imports.
    """
    if not any(rule.imports for rule in run.services.rules.rules):
        return call
    before, after = await asyncio.gather(
        *(asyncio.to_thread(_imports, change.path, text) for text in (change.before_text, change.after_text))
    )
    return replace(call, imports=tuple(name for name in after if name not in before))


def _imports(path: str, text: str) -> tuple[str, ...]:
    found = parse_parts(path, text.replace("\0", " ").encode("utf-8", "replace")).imports
    return tuple(dict.fromkeys(one.module for one in found))


def refuse_denied(decision: PolicyDecision) -> None:
    """Go on unless policy denies.

    Raises:
        ToolError: It does.
    """
    if decision.outcome is Outcome.DENY:
        raise ToolError(f"Refused: {decision.why}", fix="Do without it")


def only_reads(call: PolicyCall) -> bool:
    """Tell whether a call neither changes a file nor runs a command."""
    return all(touch.access is Access.READ for touch in call.touches)


def decide_further(run: ActiveRun, call: PolicyCall, before: PolicyDecision) -> PolicyDecision:
    """Return policy's decision now that more is known of a call.

    Args:
        run: The run that calls.
        call: The call, with what is known by now.
        before: The decision about the call as it was first understood; where the person was asked to let it
            read, the same rule does not ask again.
    """
    decision = decide(call, run.services.rules)
    same = (decision.rule, decision.place) == (before.rule, before.place)
    if same and before.outcome is Outcome.ASK and only_reads(call):
        return replace(decision, outcome=Outcome.ALLOW)
    return decision
