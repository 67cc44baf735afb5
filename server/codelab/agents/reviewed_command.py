"""A tool call that runs a command: put before the person, run in the sandbox, and so are its changes."""

import asyncio
import codecs
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from codelab.agents.approving import agree
from codelab.agents.audited import command_ended, command_started
from codelab.agents.authorising import Consent, Permission, start_execution
from codelab.agents.command_proposal import CommandProposal, propose_command
from codelab.agents.hourly import FILE_OPERATIONS, count_operations
from codelab.agents.limits import MOST_RESULT_CHARACTERS
from codelab.agents.permission import argv_for_policy, policy_call, refuse_denied
from codelab.agents.reviewable import reviewable
from codelab.agents.reviewed_change import change_files
from codelab.agents.reviewed_merge import Merged, read_merge
from codelab.agents.reviewed_remote import settle_remote, with_credential
from codelab.agents.run import ActiveRun
from codelab.agents.tainting import taint_run
from codelab.core.errors import CodeLabError
from codelab.core.events import CommandOutput
from codelab.core.finishing import finish_first
from codelab.core.redaction import MARK, StreamRedactor, redact
from codelab.core.visible import visible
from codelab.policy.call import PolicyCall
from codelab.policy.decide import decide
from codelab.policy.types import Access, Outcome, PolicyDecision, Risk, Touch
from codelab.sandbox.difference import Difference, read_difference
from codelab.sandbox.git_changes import bring_over_git
from codelab.sandbox.run import run_in_sandbox
from codelab.sandbox.stage import Stage
from codelab.sandbox.types import Finished, Kind, Sandbox
from codelab.store import calls
from codelab.store.calls import CallRow
from codelab.store.connection import Connection
from codelab.tools.contract import Command, FileChange, Origin, ToolError, ToolText
from codelab.tools.run_command import edited_command
from codelab_models.wire import ToolCall

_MOST_LEFT = 20  # paths named of those that a command changed and that stay as they are
_SHOWN_CHARACTERS = 60  # of a command, where its output is named
_STOPPED = {
    "time": "It was stopped: it took longer than {seconds:g} s",
    "memory": "It was stopped: it took more memory than {memory:,} bytes",
    "processes": "It was stopped: it started more than {processes} processes",
    "disk": "It was stopped: it wrote more than {disk:,} bytes, or too many files",
    "output": "It was stopped: it said more than {output:,} bytes",
}


async def run_command(
    run: ActiveRun, row: CallRow, call: ToolCall, command: Command, decision: PolicyDecision
) -> ToolText | None:
    """Ask for a command if policy wants it asked, run it, and ask for what it changed.

    Args:
        run: The run.
        row: The call as journalled.
        call: The call as the model wrote it.
        command: What the tool wants run.
        decision: What policy said; never a denial.

    Returns:
        What the agent is told; None if that is written already, together with the changes.

    Raises:
        ToolError: The person refused the command, or something changed meanwhile; it has not run.
        Denied: There is no sandbox here; it has not run.
    """
    proposal = await asyncio.to_thread(propose_command, run, row, command, decision)
    _refuse_secret(proposal)
    permission = Permission(decision)
    if decision.outcome is Outcome.ASK:
        asked = _as_policy_sees(run, row, command, proposal.sandbox)
        permission = await Permission.standing(run, decision, proposal, asked)
        if permission.consent is Consent.PERSON:
            edit = partial(_edited, run, row)
            proposal = await agree(run, proposal, edit, "command", "It has not run")
            command = proposal.command
    proposal = await asyncio.to_thread(proposal.with_unsaved_of, run)
    await _begin(run, row, proposal, permission)
    return await _carry_out(run, row, call, proposal)


async def _carry_out(
    run: ActiveRun, row: CallRow, call: ToolCall, proposal: CommandProposal, told: str = ""
) -> ToolText | None:
    """Run a command that may begin, and settle what it leaves; ``told`` is what the agent is told before."""
    services, command = run.services, proposal.command
    job = await with_credential(services.root, proposal.job, command)
    tell = _Teller(run, row.id)
    async with run_in_sandbox(proposal.sandbox, job, services.commands, tell.take) as ran:
        tell.end()
        finished = ran.finished
        async with services.db.write() as tx:
            await command_ended(run.id, row, finished)(tx)
        if command.clean is not None:
            finished = replace(finished, output=command.clean(finished.output))
        difference = Difference()
        if proposal.sandbox.kind is Kind.OVERLAY and command.writes and not command.commits:
            difference = await asyncio.to_thread(read_difference, ran.stage, services.root, job.unsaved)
        if command.commits and not command.merge and not finished.code:
            await finish_first(asyncio.to_thread(bring_over_git, ran.stage, services.root))
        changes, left = await asyncio.to_thread(reviewable, run, row.name, difference)
        text = told + _told(proposal, finished, left, difference.ignored)
        summary = _summary(command, finished)
        outside = proposal.sandbox.kind is Kind.UNSANDBOXED or job.reach is not None
        origin = Origin.OUTSIDE if outside else Origin.WORKSPACE
        await taint_run(run, origin, [f"the output of `{visible(command.shown)[:_SHOWN_CHARACTERS]}`"])
        if command.merge and not finished.code:
            return await _merge(run, row, call, command.merge, ran.stage, done=ToolText(text, summary))
        commit = await settle_remote(services.root, ran.stage, job, command, finished)
    done = ToolText(text, summary)
    if command.then is not None and commit:
        return await _go_on(run, row, call, await command.then(commit), done=done)
    return await _change(run, row, call, changes, done=done) if changes else done


async def _change(
    run: ActiveRun,
    row: CallRow,
    call: ToolCall,
    changes: Sequence[FileChange],
    *,
    done: ToolText,
    merged: Merged | None = None,
) -> ToolText | None:
    """Put before the person what a command has changed, and keep it if they agree."""
    touches = [Touch(change.path, Access.WRITE) for change in changes]
    wanted = decide(policy_call(run, row.name, Risk.MEDIUM, touches), run.services.rules)
    told = f"{done.text}\n\nWhat it changed was kept: "
    try:
        refuse_denied(wanted)
        await count_operations(run, FILE_OPERATIONS, len(changes))
        await change_files(run, row, call, changes, wanted, told=told, summary=done.summary, merged=merged)
    except CodeLabError as error:
        return ToolText(
            f"{done.text}\n\nWhat it changed was not kept. {error}",
            f"{done.summary}; its changes were not kept",
        )
    return None


async def _merge(
    run: ActiveRun, row: CallRow, call: ToolCall, branch: str, stage: Stage, *, done: ToolText
) -> ToolText | None:
    """Bring over what a merge has made, once the person has seen the difference; its layer is still there."""
    merged = await read_merge(run, row.name, branch, stage)
    if merged.changes:
        return await _change(run, row, call, merged.changes, done=done, merged=merged)
    await finish_first(asyncio.to_thread(merged.bring_over))
    return ToolText(f"{done.text}\n\nNo file is different.", done.summary)


async def _go_on(
    run: ActiveRun, row: CallRow, call: ToolCall, then: Command | ToolText, *, done: ToolText
) -> ToolText | None:
    """Do what the person has agreed to together with the command before."""
    if isinstance(then, ToolText):
        return ToolText(f"{done.text}\n\n{then.text}.", f"{done.summary}; {then.summary}")
    why = "the person has said yes to this together with the fetch"
    agreed = PolicyDecision(Outcome.ALLOW, Risk.CRITICAL, "agreed", why)
    try:
        proposal = await asyncio.to_thread(propose_command, run, row, then, agreed)
        await _begin(run, row, proposal, Permission(agreed))
        return await _carry_out(run, row, call, proposal, f"{done.text}\n\n")
    except CodeLabError as error:
        told = f"{done.text}\n\nIt was fetched, but not merged. {error}"
        return ToolText(told, f"{done.summary}; not merged: {error.what}")


def _refuse_secret(proposal: CommandProposal) -> None:
    if MARK in redact(proposal.approval.detail):
        raise ToolError(
            f"The command holds a secret, or the mark {MARK} that stands for one",
            why="The person could not see what they approve",
            fix="Do without it, or ask the person to run the command",
        )


def _as_policy_sees(run: ActiveRun, row: CallRow, command: Command, sandbox: Sandbox) -> PolicyCall:
    touches = [Touch(command.directory, Access.EXECUTE)]
    call = policy_call(run, row.name, Risk.CRITICAL, touches)
    hosts = (command.host,) if command.host else ()
    return replace(call, argv=argv_for_policy(command), hosts=hosts, environment=sandbox.kind.value)


async def _edited(run: ActiveRun, row: CallRow, proposal: CommandProposal, text: str) -> CommandProposal:
    """Return the proposal of a command as the person edited it, held to the policy like any other."""
    command = edited_command(proposal.command, text)
    decision = decide(_as_policy_sees(run, row, command, proposal.sandbox), run.services.rules)
    if decision.outcome is Outcome.DENY:
        raise ToolError(f"Refused: {decision.why}")
    edited = await asyncio.to_thread(propose_command, run, row, command, decision)
    _refuse_secret(edited)
    return edited


async def _begin(run: ActiveRun, row: CallRow, proposal: CommandProposal, permission: Permission) -> None:
    """Consume the approval for exactly what is about to run, and journal that it runs."""

    async def journal(tx: Connection) -> None:
        await calls.update(tx, row.id, state="executing", checkpoint="")
        await command_started(run.id, row, proposal)(tx)

    changed = ToolError(
        "The command changed after it was approved",
        why="The program, a file that it names, its folder or the settings are not the same any more",
        fix="Ask again",
    )
    await start_execution(run, row, proposal, permission, journal=journal, changed=changed)


class _Teller:
    """Passes the output of a command on as events."""

    def __init__(self, run: ActiveRun, call: str) -> None:
        self._run = run
        self._call = call
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._redactor = StreamRedactor()

    def take(self, data: bytes) -> None:
        self._say(self._redactor.take(self._decoder.decode(data)))

    def end(self) -> None:
        self._say(self._redactor.take(self._decoder.decode(b"", final=True)) + self._redactor.end())

    def _say(self, text: str) -> None:
        if text:
            self._run.feed.publish(CommandOutput(run=self._run.id, call=self._call, text=visible(text)))


def _summary(command: Command, finished: Finished) -> str:
    if finished.stopped:
        return f"stopped ({finished.stopped}) after {finished.usage.seconds:.1f} s"
    told = command.summary(finished.code, finished.output) if command.summary is not None else ""
    return f"{told or f'ended with status {finished.code}'} after {finished.usage.seconds:.1f} s"


def _told(
    proposal: CommandProposal, finished: Finished, left: Sequence[tuple[str, str]], ignored: int
) -> str:
    usage, limits = finished.usage, proposal.job.limits
    edited = " (as the person edited it)" if proposal.approval.replaces else ""
    head = f"$ {proposal.command.shown}{edited}\n"
    if finished.stopped:
        values = {"seconds": limits.seconds, "memory": limits.memory, "processes": limits.processes}
        head += _STOPPED.get(finished.stopped, "It was stopped").format(
            **values, disk=limits.disk, output=limits.output
        )
    else:
        head += f"Exit status {finished.code}"
    head += (
        f". It took {usage.seconds:.1f} s ({usage.cpu_seconds:.1f} s of processor time), "
        f"{usage.memory / 1e6:.0f} MB of memory, {usage.processes} process{'es' * (usage.processes != 1)}."
    )
    room = MOST_RESULT_CHARACTERS - 10_000
    output = visible(finished.output.rstrip())
    if len(output) > room:
        output = f"{output[: room // 4]}\n... (left out) ...\n{output[-room * 3 // 4 :]}"
    explained = ""
    if proposal.command.explain is not None and not finished.stopped:
        explained = proposal.command.explain(finished.code, finished.output)
    parts = [
        head,
        *([explained] if explained else []),
        f"Output:\n{output}" if output else "It said nothing.",
    ]
    confined = proposal.sandbox.kind is not Kind.UNSANDBOXED and proposal.job.reach is None
    if finished.code and confined and not explained:
        parts.append(
            "In its sandbox there is no network, nothing outside of the workspace can be written, and "
            "secrets are empty files."
        )
    if left:
        named = "".join(f"\n- {visible(path)}: {why}" for path, why in left[:_MOST_LEFT])
        more = f"\n- and {len(left) - _MOST_LEFT} more" if len(left) > _MOST_LEFT else ""
        parts.append(f"It changed these too; they stay as they were:{named}{more}")
    if proposal.job.unsaved and proposal.sandbox.kind is not Kind.OVERLAY:
        parts.append(
            f"Not saved in the editor, so seen as on disk: {', '.join(sorted(proposal.job.unsaved))}."
        )
    if ignored:
        parts.append(f"What it left in folders of builds and caches was thrown away ({ignored}).")
    return "\n\n".join(parts)
