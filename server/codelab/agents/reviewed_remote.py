"""A git command that reaches a host: the credential it is given, and what it leaves in the repository."""

import asyncio
from dataclasses import replace
from pathlib import Path

from codelab.core.finishing import finish_first
from codelab.sandbox.git_fetched import bring_over_fetched, move_tracking_ref
from codelab.sandbox.stage import Stage
from codelab.sandbox.types import Finished, Job
from codelab.tools.contract import Command
from codelab.workspace.git_address import read_address
from codelab.workspace.own_git import fill_credential, tell_helper

_REFUSED = ("Authentication failed", "HTTP 401", "HTTP 403", "error: 401", "error: 403")


async def with_credential(root: Path, job: Job, command: Command) -> Job:
    """Return a command's job with what the person's credential helper knows for its host.

    It is asked once the person has said yes, outside of the sandbox, where their helper is.
    """
    if job.reach is None or not command.url.startswith("https:"):
        return job
    credential = await asyncio.to_thread(fill_credential, root, read_address(command.url))
    return replace(job, reach=replace(job.reach, credential=credential))


async def settle_remote(root: Path, stage: Stage, job: Job, command: Command, finished: Finished) -> str:
    """Tell the credential helper how it went, bring over what was fetched, and note where the remote stands.

    Returns:
        The commit at which the branch of the remote stands; empty where the command failed.

    Raises:
        CodeLabError: What was fetched cannot be brought over.
    """
    if job.reach is not None and job.reach.credential:
        refused = any(word in finished.output for word in _REFUSED)
        if refused or not finished.code:
            await asyncio.to_thread(tell_helper, root, job.reach.credential, worked=not refused)
    if finished.code or command.tracks is None:
        return ""
    return await finish_first(asyncio.to_thread(_track, root, stage, command.tracks))


def _track(root: Path, stage: Stage, tracks: tuple[str, str]) -> str:
    name, commit = tracks
    commit = commit or bring_over_fetched(stage, root)
    move_tracking_ref(root, name, commit)
    return commit
