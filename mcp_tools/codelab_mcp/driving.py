"""Waiting for a run within a call: progress out, approvals to the person, cancellation to the run."""

import asyncio
from typing import TYPE_CHECKING

from mcp.server.mcpserver import Context
from mcp_types import InputRequiredResult

from codelab.workbench.types import RunResult
from codelab_mcp.asking import ask_by_result, ask_now, asked_before, is_stateless
from codelab_mcp.face import McpFace, can_elicit
from codelab_mcp.results import RunReport, ended_run, waiting_run
from codelab_mcp.watched import Question, WatchedRun

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench

_MOST_ROUNDS = 8  # SDK clients give up at 10 questions in one call; continue_run takes the rest


async def carry_on(
    face: McpFace, ctx: Context, watched: WatchedRun, run: str, *, patience: float = 0.0
) -> RunReport | InputRequiredResult:
    """Wait until a run ends or only the person can move it on.

    Args:
        face: The face that drives it.
        ctx: The call that waits.
        watched: The run.
        run: Its id.
        patience: How long, in seconds, to wait for an answer given in another face.

    Returns:
        The run's result, the approval that it waits for, or the question for a client of the stateless era.
    """
    bench = await face.workbench(ctx)
    try:
        asks = can_elicit(ctx)
        while True:
            question = await _until_stuck(ctx, watched, asks=asks, patience=patience)
            if watched.result is not None:
                return ended_run(watched.result)
            before = asked_before(ctx)
            rounds = before.rounds + 1 if before is not None else 1
            if question is None or rounds > _MOST_ROUNDS:
                approval = watched.waiting[0] if question is None else question.approval.id
                return waiting_run(await bench.approval(approval))
            question.asked.set()
            if is_stateless(ctx):
                return ask_by_result(run, question, rounds)
            if (answer := await ask_now(ctx, question)) is not None:
                watched.answer(question.approval.id, answer)
    except asyncio.CancelledError:
        if (
            not face.client_left
        ):  # when the client is gone the run is paused, so that it can be taken up again
            await asyncio.shield(bench.stop(run))
        raise


async def until_ended(
    face: McpFace, ctx: Context, watched: WatchedRun, run: str, bench: "Workbench"
) -> RunResult:
    """Wait until a run that asks for no approval has ended; cancelling the call cancels the run."""
    told = 0
    try:
        while True:
            news = watched.news
            told = await _report(ctx, watched, told)
            if watched.result is not None:
                return watched.result
            await news.wait()
    except asyncio.CancelledError:
        if not face.client_left:
            await asyncio.shield(bench.stop(run))
        raise


async def _until_stuck(ctx: Context, watched: WatchedRun, *, asks: bool, patience: float) -> Question | None:
    """Return when the run has ended, or the person must answer: the question where the client can ask it."""
    told = 0
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        news = watched.news
        told = await _report(ctx, watched, told)
        if watched.result is not None:
            return None
        if watched.questions:
            return next(iter(watched.questions.values()))
        left = deadline - asyncio.get_running_loop().time()
        elsewhere = bool(watched.waiting) and not asks
        if elsewhere and left <= 0:
            return None
        try:
            await asyncio.wait_for(news.wait(), left if elsewhere else None)
        except TimeoutError:
            continue


async def _report(ctx: Context, watched: WatchedRun, told: int) -> int:
    """Send what happened since as progress; return how much has now been told."""
    while told < len(watched.lines):
        line = watched.lines[told]
        told += 1
        await ctx.report_progress(told, message=line)
    return told
