"""The tool-calling loop: ask the model, carry out what it calls, until it answers or a limit is reached."""

import asyncio
import logging
import re
from dataclasses import replace
from functools import partial

from codelab.agents.asking import Asked, ask_model
from codelab.agents.choosing import choose_model
from codelab.agents.citations import check_citations
from codelab.agents.executor import execute
from codelab.agents.found import answer_from_index
from codelab.agents.limits import MOST_CALLS
from codelab.agents.noted import write_notes
from codelab.agents.prompt import finishing_message
from codelab.agents.room import tokens_told
from codelab.agents.run import ActiveRun
from codelab.core.errors import CodeLabError, LimitReached, NoModel
from codelab.core.events import LimitHit, MessageAdded, RunState
from codelab.core.finishing import finish_first
from codelab.core.ids import new_id
from codelab.policy.requested import REQUESTED
from codelab.store import calls, checkpoints, messages, sources
from codelab.store.connection import Connection
from codelab.tools.catalog import TOOLS, tool_spec
from codelab_models.tokens import tokens_of_tools
from codelab_models.wire import Completion, ToolCall

_log = logging.getLogger(__name__)

_FINISHING_SECONDS = 30.0  # for the last answer of a run at a limit
_CUT_SHORT = "\n\n(The answer ends here because the model reached its own length limit.)"
_USABLE_ID = re.compile(r"[!-~]{1,10000}")  # some providers keep their state in it


async def drive(run: ActiveRun) -> None:
    """Drive a run to its end, to a pause, or to a failure told in words; never raises.

    Cancelling the task that runs this means that the person stopped the run, or, where ``run.pausing`` is
    set, that the face goes away and the run may be taken up later.
    """
    try:
        await run.move(RunState.PROCESSING)
        if run.services.model is None:
            answer = await answer_from_index(run)
            await run.end(RunState.DONE, answer.text, sources=answer.sources)
        else:
            text = await _converse(run)
            async with run.services.db.read() as rx:
                read = [span for span, _ in await sources.of_run(rx, run.id)]
            checked = check_citations(text, read)
            await run.end(RunState.DONE, checked.text, sources=checked.sources)
    except asyncio.CancelledError:
        await finish_first(_stopped(run))
    except CodeLabError as error:
        await finish_first(_failed(run, str(error)))
    except Exception as error:  # what cannot happen is told and logged, and costs this run only
        _log.exception("run %s failed", run.id)
        why = f"CodeLab met a defect of its own ({type(error).__name__}: {error}). Please report it."
        await finish_first(_failed(run, why))


async def _converse(run: ActiveRun) -> str:
    if answer := await _take_up(run):
        return answer
    while True:
        tools = _offered(run)
        limit = run.limits.finishing()
        if limit:
            await _reach(run, limit)
            tools = frozenset()
        completion = await _next_answer(run, tools, limit)
        calls = _with_unique_ids(run, completion.message.calls[:MOST_CALLS]) if tools else ()
        message = replace(completion.message, calls=calls)
        await run.write(
            MessageAdded(run=run.id, text=message.content, calls=len(calls)),
            also=partial(messages.append, run_id=run.id, message=message),
            model=completion.model,
        )
        if not calls:
            cut = _CUT_SHORT if completion.finish_reason == "length" else ""
            return (message.content.strip() or _no_answer(limit)) + cut
        unclear = all(call.problem or call.name not in tools for call in calls)
        run.limits.unclear = run.limits.unclear + 1 if unclear else 0
        for call in calls:
            await execute(run, call, tools & _offered(run))


def _offered(run: ActiveRun) -> frozenset[str]:
    withheld = run.limits.withheld()
    locked = REQUESTED.keys() - run.requested
    return frozenset(name for name in run.template.tools if name not in withheld and name not in locked)


async def _reach(run: ActiveRun, limit: str) -> None:
    if limit not in run.reached:
        run.reached.append(limit)
        await run.write(LimitHit(run=run.id, limit=limit))


async def _next_answer(run: ActiveRun, tools: frozenset[str], limit: str) -> Completion:
    model = run.services.model
    if model is None:
        raise NoModel("No model is configured", fix=run.services.model_help)
    for taken in run.limits.withheld().values():
        await _reach(run, taken)
    async with run.services.db.read() as rx:
        said = await messages.of_run(rx, run.id)
    if limit:
        said.append(finishing_message(limit))
    specs = tuple(tool_spec(TOOLS[name]) for name in sorted(tools))
    run.limits.iterations += 1
    left = run.limits.settings.seconds - run.limits.seconds()
    seconds = max(left, _FINISHING_SECONDS) if limit else left
    choice = await choose_model(run, tokens_told(said, run.window) + tokens_of_tools(specs))
    asked = Asked(run, model, tuple(said), specs, choice)
    try:
        async with asyncio.timeout(seconds):
            completion = await ask_model(asked)
    except TimeoutError:
        run.reached.append("time")
        why = f"the run's limit of {run.limits.settings.seconds:g} s was reached in the middle of an answer"
        fix = "Ask for less, or raise run.seconds"
        raise LimitReached("The model was stopped", why=why, fix=fix) from None
    run.limits.tokens += completion.tokens_in + completion.tokens_out
    run.limits.cost_usd += completion.cost_usd
    await write_notes(run, completion)
    return completion


def _with_unique_ids(run: ActiveRun, calls: tuple[ToolCall, ...]) -> tuple[ToolCall, ...]:
    """Give a call an id of ours where the model's own is missing, odd, or was used before in this run."""
    kept = []
    for call in calls:
        usable = _USABLE_ID.fullmatch(call.id) and call.id not in run.call_ids
        fresh = call if usable else replace(call, id=new_id("call"))
        run.call_ids.add(fresh.id)
        kept.append(fresh)
    return tuple(kept)


async def _take_up(run: ActiveRun) -> str:
    """Go on where an interrupted run's messages end; nothing to do in a new one.

    Returns:
        The answer, if the model had given it before the interruption, else an empty string.
    """
    async with run.services.db.read() as rx:
        said = await messages.of_run(rx, run.id)
        run.journalled = frozenset(row.id for row in await calls.of_run(rx, run.id))
    run.call_ids.update(call.id for message in said for call in message.calls)
    if said[-1].role == "assistant" and not said[-1].calls:
        return said[-1].content
    answered = {message.call_id for message in said if message.role == "tool"}
    for call in [call for message in said for call in message.calls if call.id not in answered]:
        await execute(run, call, _offered(run))
    return ""


def _no_answer(limit: str) -> str:
    before = f" before the limit of {limit} was reached" if limit else ""
    return f"(The model gave no answer{before}.)"


async def _stopped(run: ActiveRun) -> None:
    try:
        if run.state.ended:  # the cancel came while its end was being written
            run.feed.close()
        elif run.pausing:
            await run.pause()
        else:
            await run.end(RunState.CANCELLED, await _what_stands(run, "Stopped."))
    except Exception as error:  # a full disk, as a rule: the faces are told all the same
        _log.exception("the end of run %s could not be stored", run.id)
        run.lose(RunState.CANCELLED, str(error))


async def _failed(run: ActiveRun, why: str) -> None:
    try:
        await run.end(RunState.FAILED, await _what_stands(run, ""), error=why)
    except Exception:  # a full disk, as a rule: the person is told all the same
        _log.exception("the end of run %s could not be stored", run.id)
        run.lose(RunState.FAILED, why)


async def _what_stands(run: ActiveRun, first: str) -> str:
    """Say what a run that did not finish leaves behind."""
    async with run.services.db.read() as rx:
        paths = await _changed_paths(rx, run.id)
    changed = f"Changed so far: {', '.join(paths)} (undo puts it back)." if paths else "Nothing was changed."
    return f"{first} {changed}".strip()


async def _changed_paths(rx: Connection, run: str) -> list[str]:
    return [
        checkpoint.path for checkpoint in await checkpoints.of_run(rx, run) if checkpoint.state == "applied"
    ]
