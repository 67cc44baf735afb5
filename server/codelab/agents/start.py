"""Starting a run, taking one up again, and ending one that nobody drives."""

import asyncio
import json
import time
from dataclasses import asdict

from codelab.agents.limits import Limits
from codelab.agents.loop import drive
from codelab.agents.modes import mode_of_run
from codelab.agents.prompt import opening_messages, read_focus
from codelab.agents.recovery import claim, settle_interrupted
from codelab.agents.routing import Routed, route
from codelab.agents.run import ActiveRun
from codelab.agents.services import Services
from codelab.agents.tainting import labels_of, store_taint
from codelab.agents.templates import load_template
from codelab.core.errors import InputError
from codelab.core.events import RunStarted, RunState
from codelab.core.ids import new_id
from codelab.core.positions import LineSpan
from codelab.policy.requested import requested_in
from codelab.policy.types import Mode
from codelab.store import messages, runs, sessions, sources
from codelab.store.connection import Connection
from codelab.store.runs import Run
from codelab.store.sessions import Session
from codelab.tools.contract import Origin

_MOST_TASK_CHARACTERS = 200_000
_TITLE_CHARACTERS = 80


async def start_run(
    services: Services,
    agent: str,
    task: str,
    *,
    why: str,
    session: str = "",
    focus: LineSpan | None = None,
    diagnostics: tuple[str, ...] = (),
    mode: Mode | None = None,
    wait: bool = False,
    assistant: bool = False,
    typed: bool = True,
    may_be_question: bool = False,
) -> ActiveRun:
    """Store a new run with its opening messages, and drive it in a task of its own.

    Args:
        services: What it works with.
        agent: The template's name.
        task: What the person asked.
        why: Why this agent was chosen, a clause.
        session: The session to continue; a new one if empty.
        focus: What the person has before them.
        diagnostics: What the editor reports at that place.
        mode: How its changes are approved; None: as in the session so far, in a new one by asking.
        wait: Keep approvals pending where nobody can answer.
        assistant: Whether an assistant asks, and not a person.
        typed: Whether a person typed the task, so that its words may unlock what needs them.
        may_be_question: Whether ``ask`` gets the task if the fast model takes it for a question.

    Raises:
        Denied: An assistant wants a wider mode than the person chose.
        InputError: The task is empty or too long.
        NotFound: There is no such session.
    """
    task = task.strip()
    if not task:
        raise InputError("Nothing was asked", fix="Say what you want to know or to have done")
    if len(task) > _MOST_TASK_CHARACTERS:
        raise InputError(
            f"The task is longer than {_MOST_TASK_CHARACTERS:,} characters", fix="Name files instead"
        )
    now = time.time()
    async with services.db.read() as rx:
        earlier = await runs.list_runs(rx, session) if session else []
        before = await sessions.get(rx, session) if session else None
    seen, source = await asyncio.to_thread(read_focus, services.view, focus) if focus else ("", None)
    mode = mode_of_run(
        mode,
        Mode(before.mode) if before is not None else None,
        assistant=assistant,
        settings=services.settings.approvals,
    )
    session_id = session or new_id("ses")
    routed = Routed(agent, why)
    if may_be_question:
        routed = await route(services, task, routed, session_id)
    template = load_template(routed.agent)
    opening = opening_messages(
        template, task, focus=seen, notes=diagnostics, earlier=sorted(earlier, key=_age)
    )
    active = ActiveRun(
        id=new_id("run"),
        session=session_id,
        template=template,
        task=task,
        mode=mode,
        wait=wait,
        limits=Limits(services.settings.run, tokens=routed.tokens, cost_usd=routed.cost_usd),
        services=services,
        requested=requested_in(task) if typed and not assistant else frozenset(),
    )
    shown = [focus.path] if focus is not None and source is not None else []
    seen_taint = labels_of(services, Origin.WORKSPACE, [*shown, *(["diagnostics"] if diagnostics else [])])
    row = Run(
        id=active.id,
        session=active.session,
        agent=routed.agent,
        reason=routed.why,
        task=task,
        state=RunState.IDLE,
        face=services.face,
        mode=mode.value,
        focus=json.dumps(asdict(focus)) if focus is not None else "",
        wait=wait,
        created_at=now,
        updated_at=now,
    )

    async def store(tx: Connection) -> None:
        if session and not assistant:
            await sessions.set_mode(tx, session, mode.value)
        elif not session:
            title = task[:_TITLE_CHARACTERS]
            await sessions.create(tx, Session(active.session, title, services.client, now, mode.value))
        await store_taint(tx, active.session, seen_taint)
        await runs.create(tx, row)
        for message in opening:
            await messages.append(tx, active.id, message)
        if source is not None:
            await sources.add(tx, active.id, source.span, source.blob)

    started = RunStarted(
        run=active.id,
        session=active.session,
        agent=routed.agent,
        reason=routed.why,
        task=task,
        mode=mode.value,
        requested=tuple(sorted(active.requested)),
    )
    await active.write(started, also=store)
    active.driver = asyncio.create_task(drive(active), name=active.id)
    return active


async def resume_run(services: Services, run_id: str) -> ActiveRun:
    """Take up a paused run where its messages end.

    Raises:
        NotFound: There is no such run.
        InputError: It has ended, or another face drives it.
    """
    active = await _take_up(services, run_id)
    active.driver = asyncio.create_task(drive(active), name=active.id)
    return active


async def end_interrupted(services: Services, run_id: str) -> None:
    """End a paused run that no face drives."""
    active = await _take_up(services, run_id)
    await active.end(RunState.CANCELLED, "Ended by the person after an interruption.")


async def _take_up(services: Services, run_id: str) -> ActiveRun:
    await settle_interrupted(services)  # its face may have died since this one was opened
    async with services.db.write() as tx:
        active = _active(services, await claim(tx, services, run_id))
        for event in await runs.events(tx, run_id):
            active.feed.publish(event)
            if isinstance(event, RunStarted):
                active.requested = frozenset(event.requested)
    return active


def _active(services: Services, row: Run) -> ActiveRun:
    return ActiveRun(
        id=row.id,
        session=row.session,
        template=load_template(row.agent),
        task=row.task,
        mode=Mode(row.mode),
        wait=row.wait,
        limits=Limits(services.settings.run, tokens=row.tokens, cost_usd=row.cost_usd),
        services=services,
        state=RunState.PAUSED,
    )


def _age(run: Run) -> float:
    return run.created_at
