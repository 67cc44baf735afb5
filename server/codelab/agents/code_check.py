"""New code looked through by an established security analyser, where one is installed.

It runs in the sandbox on the text that is proposed. What it warns of in lines that the change adds is shown
to the person and told to the agent. It decides nothing, and where there is no analyser, no sandbox or no
answer in time, nothing is said.
"""

import asyncio
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codelab.agents.run import ActiveRun
from codelab.core.errors import CodeLabError, InputError
from codelab.core.visible import visible
from codelab.sandbox.environment import clean_environment, home_folder, tools_at_home
from codelab.sandbox.operands import find_program
from codelab.sandbox.probe import find_sandbox
from codelab.sandbox.run import run_in_sandbox
from codelab.sandbox.types import Job, Kind, Limits
from codelab.tools.contract import FileChange
from codelab.workspace.edits import unified_diff

_LIMITS = Limits(seconds=5.0, memory=1_000_000_000, processes=32, disk=50_000_000, output=2_000_000)
_MOST_FILES = 20
_MOST_TOLD = 10
_MOST_CHARACTERS = 200
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class Finding:
    """What an analyser says about a line: file, line from 1, and its words."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Analyser:
    """A program that finds dangers in code.

    Attributes:
        argv: How it is called; the files come after.
        ending: Of the files that it reads.
        findings: Reads its output, a JSON document.
    """

    argv: tuple[str, ...]
    ending: str
    findings: Callable[[Any], list[Finding]]


def _of_ruff(data: Any) -> list[Finding]:
    return [
        Finding(one["filename"], one["location"]["row"], f"{one['code']} {one['message']}") for one in data
    ]


def _of_bandit(data: Any) -> list[Finding]:
    return [
        Finding(one["filename"], one["line_number"], f"{one['test_id']} {one['issue_text']}")
        for one in data["results"]
    ]


ANALYSERS = (
    Analyser(
        (
            *("ruff", "check", "--isolated", "--no-cache", "--quiet", "--exit-zero"),
            *("--select", "S", "--ignore", "S101", "--output-format", "json", "--"),
        ),
        ".py",
        _of_ruff,
    ),
    Analyser(("bandit", "--quiet", "--format", "json", "--skip", "B101", "--"), ".py", _of_bandit),
)


async def warnings_about(run: ActiveRun, changes: Sequence[FileChange]) -> list[str]:
    """Return what the first analyser that is installed warns of in the lines that changes add.

    Args:
        run: The run that proposes them.
        changes: What is proposed.

    Returns:
        A line for each, ``a.py:3: S602 ... (ruff)``; none where there is no analyser or it fails.
    """
    told: list[str] = []
    for ending in {analyser.ending for analyser in ANALYSERS}:
        new = [change for change in changes if change.path.endswith(ending) and change.after is not None]
        for analyser in [one for one in ANALYSERS if one.ending == ending] if new else []:
            try:
                found = await _run(run, analyser, new[:_MOST_FILES])
            except InputError:  # it is not installed: perhaps the next is
                continue
            except (CodeLabError, OSError, ValueError, KeyError, TypeError):
                break
            told += [f"{one.path}:{one.line}: {_in_one_line(one.text)} ({analyser.argv[0]})" for one in found]
            break
    more = [f"and {len(told) - _MOST_TOLD} more"] if len(told) > _MOST_TOLD else []
    return [*told[:_MOST_TOLD], *more]


async def _run(run: ActiveRun, analyser: Analyser, changes: Sequence[FileChange]) -> list[Finding]:
    services = run.services
    job = await asyncio.to_thread(_job, services.root, analyser, changes)
    chosen = services.settings.sandbox
    sandbox = await asyncio.to_thread(
        find_sandbox, services.commands, as_root=chosen.as_root, unsandboxed=False
    )
    if sandbox.kind is not Kind.OVERLAY:
        return []  # the text that is proposed can only be laid over the workspace
    async with run_in_sandbox(sandbox, job, services.commands, lambda _: None) as ran:
        output = ran.finished.output
    start = min((place for mark in "[{" if (place := output.find(mark)) >= 0), default=0)
    data, _ = json.JSONDecoder().raw_decode(output[start:])
    added = {change.path: added_lines(change) for change in changes}
    found = [
        Finding(path, one.line, one.text)
        for one in analyser.findings(data)
        if one.line in added.get(path := _relative(services.root, one.path), ())
    ]
    return sorted(found, key=lambda one: (one.path, one.line))


def _in_one_line(text: str) -> str:
    """Return what an analyser, which may be the workspace's own, says as nothing but one line."""
    return visible(" ".join(text.split()))[:_MOST_CHARACTERS]


def _job(root: Path, analyser: Analyser, changes: Sequence[FileChange]) -> Job:
    readable = tools_at_home(home_folder())
    paths = [f"./{change.path}" for change in changes]
    job = Job(
        root,
        (*analyser.argv, *paths),
        ".",
        clean_environment(os.environ, root, readable),
        _LIMITS,
        readable,
        unsaved={change.path: change.after for change in changes if change.after is not None},
    )
    find_program(job)
    return job


def _relative(root: Path, path: str) -> str:
    return os.path.relpath(path, root) if os.path.isabs(path) else os.path.normpath(path)


def added_lines(change: FileChange) -> set[int]:
    """Return the lines of the new text, from 1, that a change adds."""
    lines: set[int] = set()
    number = 0
    for line in unified_diff(change.path, change.before_text, change.after_text).split("\n"):
        if match := _HUNK.match(line):
            number = int(match[1])
        elif number and line.startswith("+"):
            lines.add(number)
            number += 1
        elif number and line.startswith(" "):
            number += 1
    return lines
