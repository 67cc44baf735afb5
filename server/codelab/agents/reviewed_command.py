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
from codelab.agents.permission import policy_call, refuse_denied
from codelab.agents.reviewed_change import change_files
from codelab.agents.run import ActiveRun
from codelab.agents.tainting import taint_run
from codelab.core.errors import CodeLabError
from codelab.core.events import CommandOutput
from codelab.core.finishing import finish_first
from codelab.core.redaction import MARK, StreamRedactor, redact
from codelab.core.visible import visible
from codelab.policy.call import PolicyCall
from codelab.policy.decide import decide
from codelab.policy.hard_rules import NEVER_KEPT
from codelab.policy.types import Access, Outcome, PolicyDecision, Risk, Touch
from codelab.sandbox.difference import ChangedFile, Difference, read_difference
from codelab.sandbox.git_changes import bring_over_git
from codelab.sandbox.run import run_in_sandbox
from codelab.sandbox.types import Finished, Kind, Sandbox
from codelab.store import calls
from codelab.store.calls import CallRow
from codelab.store.connection import Connection
from codelab.tools.contract import Command, FileChange, Origin, ToolError, ToolText
from codelab.tools.run_command import edited_command
from codelab.workspace.files import decode
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
    services = run.services
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
    tell = _Teller(run, row.id)
    folder = services.commands
    async with run_in_sandbox(proposal.sandbox, proposal.job, folder, tell.take) as ran:
        tell.end()
        async with run.services.db.write() as tx:
            await command_ended(run.id, row, ran.finished)(tx)
        difference = Difference()
        if proposal.sandbox.kind is Kind.OVERLAY and command.writes and not command.commits:
            difference = await asyncio.to_thread(
                read_difference, ran.stage, services.root, proposal.job.unsaved
            )
        if command.commits and not ran.finished.code:
            await finish_first(asyncio.to_thread(bring_over_git, ran.stage, services.root))
        changes, left = await asyncio.to_thread(_reviewable, run, row.name, difference)
    finished = ran.finished
    if command.clean is not None:
        finished = replace(finished, output=command.clean(finished.output))
    text = _told(proposal, finished, left, difference.ignored)
    summary = _summary(command, finished)
    origin = Origin.OUTSIDE if proposal.sandbox.kind is Kind.UNSANDBOXED else Origin.WORKSPACE
    await taint_run(run, origin, [f"the output of `{visible(command.shown)[:_SHOWN_CHARACTERS]}`"])
    if not changes:
        return ToolText(text, summary)
    touches = [Touch(change.path, Access.WRITE) for change in changes]
    wanted = decide(policy_call(run, row.name, Risk.MEDIUM, touches), services.rules)
    try:
        refuse_denied(wanted)
        await count_operations(run, FILE_OPERATIONS, len(changes))
        await change_files(
            run, row, call, changes, wanted, told=f"{text}\n\nWhat it changed was kept: ", summary=summary
        )
    except CodeLabError as error:
        return ToolText(
            f"{text}\n\nWhat it changed was not kept. {error}", f"{summary}; its changes were not kept"
        )
    return None


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
    return replace(call, argv=command.argv, environment=sandbox.kind.value)


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


def _reviewable(
    run: ActiveRun, tool: str, difference: Difference
) -> tuple[list[FileChange], list[tuple[str, str]]]:
    """Return the changes that can be put before a person, and what is left as it is, each with the reason."""
    changes: list[FileChange] = []
    left = list(difference.left)
    buffers = run.services.overlay.buffers()
    for file in difference.files:
        wanted = policy_call(run, tool, Risk.MEDIUM, [Touch(file.path, Access.WRITE)])
        decision = decide(wanted, run.services.rules)
        if decision.rule in NEVER_KEPT:
            left.append((file.path, decision.why))
            continue
        try:
            change = _change(file)
            if file.path in buffers and (viewed := run.services.view.read(file.path)).unsaved:
                if viewed.data != file.before:
                    raise ToolError("An editor has unsaved text of it that the command has not seen")
                change = replace(change, unsaved_in=viewed.face)
        except CodeLabError as error:
            left.append((file.path, error.what))
        else:
            changes.append(change)
    return changes, left


def _change(file: ChangedFile) -> FileChange:
    before_text = decode(file.path, file.before).text if file.before is not None else ""
    after_text = decode(file.path, file.after).text if file.after is not None else ""
    return FileChange(file.path, file.before, file.after, before_text, after_text, executable=file.executable)


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
    parts = [head, f"Output:\n{output}" if output else "It said nothing."]
    if finished.code and proposal.sandbox.kind is not Kind.UNSANDBOXED:
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
