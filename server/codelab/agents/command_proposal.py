"""A command as it is put before a person, derived from what will run."""

import json
import os
import shlex
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from codelab.agents.proposed import Proposed, approval_of, bound_call, bound_to
from codelab.agents.run import ActiveRun
from codelab.agents.unsaved import unsaved_files
from codelab.core.errors import Denied, InputError
from codelab.policy.digest import BoundCall, BoundCommand
from codelab.policy.risk import Facts
from codelab.policy.types import PolicyDecision
from codelab.sandbox.environment import clean_environment, home_folder, tools_at_home
from codelab.sandbox.operands import file_hash, find_program, operands_of
from codelab.sandbox.probe import find_sandbox
from codelab.sandbox.types import REACHES, SHOWN, Job, Kind, Limits, Reach, Sandbox
from codelab.store.calls import CallRow
from codelab.tools.contract import Command
from codelab.tools.run_command import SHELL
from codelab.workspace.files import content_hash
from codelab.workspace.opening import folder_identity

_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class CommandProposal(Proposed):
    """A command ready to run, and the sandbox for it."""

    sandbox: Sandbox
    job: Job
    command: Command

    def with_unsaved_of(self, run: ActiveRun) -> "CommandProposal":
        """Return the same with what the editors show at this moment."""
        unsaved = {} if self.job.commits or self.job.reach else unsaved_files(run.services)
        return replace(self, job=replace(self.job, unsaved=unsaved))

    def bound_now(self, run: ActiveRun) -> BoundCall:
        """Return what the approval must fit, with all files and folders as they are at this moment."""
        return replace(bound_to(run, self.bound), command=_bound_command(self.sandbox, self.job))

    @property
    def facts(self) -> Facts:
        """What its risk is told from."""
        return Facts(
            "command",
            added=self.command.shown,
            shell=self.command.argv[:2] == SHELL,
            network=_has_network(self.sandbox, self.job),
            published=self.command.publishes,
            sandboxed=self.sandbox.kind is not Kind.UNSANDBOXED,
            tainted=self.bound.tainted,
        )


def propose_command(
    run: ActiveRun, row: CallRow, command: Command, decision: PolicyDecision
) -> CommandProposal:
    """Make the approval for a command; nothing is stored yet.

    Raises:
        Denied: Commands cannot run on this machine.
        InputError: There is no such program or folder.
    """
    settings = run.services.settings.sandbox
    sandbox = find_sandbox(run.services.commands, as_root=settings.as_root, unsandboxed=settings.unsandboxed)
    if command.commits and sandbox.kind is not Kind.OVERLAY:
        raise Denied(
            "Commits cannot be made on this machine",
            why=f"The sandbox cannot give git a layer of its own: {sandbox.lacking or sandbox.kind.value}",
            fix="Let the person commit",
        )
    if command.reach is not None and sandbox.kind not in (Kind.OVERLAY, Kind.READ_ONLY):
        raise Denied(
            "git cannot reach a host on this machine",
            why=f"That needs bubblewrap: {sandbox.lacking or sandbox.kind.value}",
            fix="Let the person push or pull with git itself",
        )
    job = _job(run, command)
    bound = replace(bound_call(run, row), command=_bound_command(sandbox, job))
    approval = approval_of(
        run,
        bound,
        decision,
        kind="command",
        title=_title(run, sandbox, command),
        detail=_detail(sandbox, job, command, bound),
        editable=None if command.reach or command.merge else command.shown,
    )
    return CommandProposal(approval, bound, sandbox, job, command)


def _job(run: ActiveRun, command: Command) -> Job:
    settings, root = run.services.settings.sandbox, run.services.root
    readable = (*tools_at_home(home_folder()), *_readable(settings.readable))
    environment = clean_environment(os.environ, root, readable, command.environment)
    seconds = min(command.seconds or settings.seconds, settings.seconds)
    limits = Limits(
        seconds=seconds,
        memory=settings.memory_mb * _MB,
        processes=settings.processes,
        disk=settings.disk_mb * _MB,
        output=settings.output_mb * _MB,
    )
    return Job(
        root,
        command.argv,
        command.directory,
        environment,
        limits,
        readable,
        command.writes,
        command.commits,
        {} if command.commits or command.reach else unsaved_files(run.services),
        command.reach,
    )


def _readable(names: tuple[str, ...]) -> list[Path]:
    folders = [Path(name).expanduser() for name in names]
    if relative := [str(folder) for folder in folders if not folder.is_absolute()]:
        raise InputError(
            f"sandbox.readable names {relative[0]}", why="It is no absolute path", fix="Name it from / on"
        )
    return [folder.resolve() for folder in folders]


def _bound_command(sandbox: Sandbox, job: Job) -> BoundCommand:
    program = find_program(job)
    return BoundCommand(
        argv=job.argv,
        program=(program, file_hash(program)),
        operands=operands_of(job),
        directory=job.directory,
        identity=folder_identity(job.root, job.directory),
        environment=tuple(sorted(job.environment.items())),
        profile=_profile(sandbox, job),
        network=_has_network(sandbox, job),
    )


def _has_network(sandbox: Sandbox, job: Job) -> bool:
    return sandbox.kind is Kind.UNSANDBOXED or job.reach is not None


def _profile(sandbox: Sandbox, job: Job) -> str:
    profile = {
        "kind": sandbox.kind.value,
        "programs": dict(sandbox.programs),
        "limits": asdict(job.limits),
        "readable": [str(folder) for folder in job.readable],
        "writes": job.writes,
        "commits": job.commits,
        "network": _has_network(sandbox, job),
        "reach": _reach(job.reach) if job.reach is not None else None,
    }
    return content_hash(json.dumps(profile, sort_keys=True).encode())


def _reach(reach: Reach) -> dict[str, object]:
    """Return what of a way to a host is part of what is approved; a credential is found later, and is not."""
    return {
        "config": reach.config,
        "refs": dict(reach.refs),
        "shallow": reach.shallow.hex(),
        "readable": [str(place) for place in reach.readable],
        "socket": str(reach.socket or ""),
    }


def _title(run: ActiveRun, sandbox: Sandbox, command: Command) -> str:
    first, more = (command.shown.splitlines() or [""])[0], "\n" in command.shown.strip("\n")
    mark = "UNSANDBOXED: " if sandbox.kind is Kind.UNSANDBOXED else ""
    cut = " ... (whole below)" if more or len(first) > _TITLE_CHARACTERS else ""
    return f"{mark}CodeLab ({run.template.name}) wants to run `{first[:_TITLE_CHARACTERS]}`{cut}"


_TITLE_CHARACTERS = 100


def _detail(sandbox: Sandbox, job: Job, command: Command, bound: BoundCall) -> str:
    """Return the whole command, where and how it runs; nothing of it is cut."""
    program = bound.command.program[0] if bound.command is not None else ""
    limits = job.limits
    lines = [
        f"$ {command.shown}",
        "",
        *command.more.splitlines(),
        f"in: {job.root if job.directory == '.' else job.root / job.directory}",
        f"program: {program}",
    ]
    lines.append(SHOWN[sandbox.kind] if job.reach is None else REACHES)
    if sandbox.lacking:
        lines.append(f"not the best sandbox: {sandbox.lacking}")
    lines.append(
        f"at most {limits.seconds:g} s, {limits.memory // _MB:,} MB of memory, {limits.processes} processes, "
        f"{limits.disk // _MB:,} MB written, {limits.output // _MB:,} MB of output"
    )
    if job.unsaved:
        seen = "as the editor shows them" if sandbox.kind is Kind.OVERLAY and job.writes else "as on disk"
        lines.append(f"files that are not saved, seen {seen}: {', '.join(sorted(job.unsaved))}")
    if command.environment:
        lines.append("with " + " ".join(f"{name}={value}" for name, value in command.environment.items()))
    if shlex.join(job.argv) != command.shown:  # last, since git's many switches hide what stands after them
        lines.append(f"as: {shlex.join(job.argv)}")
    return "\n".join(lines)
