"""Carrying out one tool call: understand it, ask policy, do it, write down what came of it."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from codelab.agents.audited import decided
from codelab.agents.hourly import FILE_OPERATIONS, count_operations
from codelab.agents.limits import MOST_REPEATS, MOST_RESULT_CHARACTERS
from codelab.agents.permission import (
    decide_further,
    only_reads,
    policy_call,
    refuse_denied,
    with_command,
    with_imports,
)
from codelab.agents.permitted import tools_of
from codelab.agents.reviewed_change import change_files
from codelab.agents.reviewed_command import run_command
from codelab.agents.reviewed_reading import ask_to_read
from codelab.agents.run import ActiveRun, Write
from codelab.agents.tainting import refresh_taint, taint_run
from codelab.core.errors import CodeLabError
from codelab.core.events import RunState, StateChanged, ToolCalled, ToolReturned
from codelab.policy.call import PolicyCall
from codelab.policy.decide import decide
from codelab.policy.requested import REQUESTED
from codelab.policy.types import Access, Outcome, PolicyDecision, Touch
from codelab.store import calls, messages, sources
from codelab.store.calls import CallRow
from codelab.store.connection import Connection
from codelab.tools.catalog import TOOLS
from codelab.tools.contract import Command, Tool, ToolError, ToolText
from codelab_models.wire import Message, ToolCall

_AGAIN = "Nothing was done; write the call again, corrected"


async def execute(run: ActiveRun, call: ToolCall, offered: frozenset[str]) -> None:
    """Carry out a call and append its result to the run's messages, whatever happens.

    Args:
        run: The run that calls.
        call: The call as ``codelab_models.calls.parse`` understood it.
        offered: The tools that the model was offered.
    """
    row = CallRow(
        id=f"{run.id}/{call.id}",
        run=run.id,
        seq=0,
        name=call.name,
        arguments=call.arguments,
        state="proposed",
    )
    async with run.services.db.write() as tx:
        if row.id in run.journalled:  # it was interrupted before it came to anything
            await calls.update(tx, row.id, state="proposed", result="", approval="", checkpoint="")
        else:
            await calls.create(tx, row)
    try:
        tool, arguments, touches = _understand(run, call, offered)
    except CodeLabError as error:
        told = f"{error.what}: {error.why}" if error.why else error.what
        await _return(run, row, call, str(error), told, ok=False)
        return
    title = tool.title(arguments)
    await refresh_taint(run)
    wanted = policy_call(run, tool.name, tool.risk, touches)
    decision = decide(wanted, run.services.rules)
    await run.write(
        ToolCalled(run=run.id, call=row.id, tool=tool.name, title=title),
        also=decided(run.id, row, touches, decision),
    )
    try:
        refuse_denied(decision)
        await count_operations(run, FILE_OPERATIONS, _file_operations(touches))
        if decision.outcome is Outcome.ASK and only_reads(wanted):
            await ask_to_read(run, row, title, decision)
        if tool.searches:
            run.limits.searches += 1
        outcome = await tool.call(arguments, tools_of(run, tool.name))
        if isinstance(outcome, ToolText):
            await _return_text(run, row, call, outcome, _sources(outcome, touches, title))
        elif isinstance(outcome, Command):
            wanted = await with_command(run.services, wanted, outcome)
            decision = await _decide_further(run, row, wanted, decision)
            done = await run_command(run, row, call, outcome, decision)
            if done is not None:
                await _return(run, row, call, done.text, done.summary, ok=True)
        else:
            if Touch(outcome.path, Access.WRITE) not in touches:
                raise ToolError(f"{row.name} proposed to change {outcome.path} without having said so before")
            wanted = await with_imports(run, wanted, outcome)
            decision = await _decide_further(run, row, wanted, decision)
            await change_files(run, row, call, [outcome], decision)
    except CodeLabError as error:
        await _return(run, row, call, str(error), error.what, ok=False)


async def _decide_further(
    run: ActiveRun, row: CallRow, wanted: PolicyCall, before: PolicyDecision
) -> PolicyDecision:
    """Ask policy again with all that is known of the call, and write down what it says if that is new."""
    decision = decide_further(run, wanted, before)
    if decision != before:
        async with run.services.db.write() as tx:
            await decided(run.id, row, wanted.touches, decision)(tx)
    refuse_denied(decision)
    return decision


def _file_operations(touches: Sequence[Touch]) -> int:
    return sum(touch.access is not Access.EXECUTE for touch in touches)


def _sources(outcome: ToolText, touches: Sequence[Touch], title: str) -> list[str]:
    """Return the names of what a text was made of: files, else what was done."""
    return [source.span.path for source in outcome.sources] or [touch.path for touch in touches] or [title]


async def _return_text(
    run: ActiveRun, row: CallRow, call: ToolCall, outcome: ToolText, read: Sequence[str]
) -> None:
    await taint_run(run, outcome.origin, read)
    await _return(run, row, call, outcome.text, outcome.summary, ok=True, also=_keep_sources(run, outcome))


def _understand(
    run: ActiveRun, call: ToolCall, offered: frozenset[str]
) -> tuple[Tool[Any], Any, tuple[Touch, ...]]:
    tool = TOOLS.get(call.name)
    if call.problem and tool is None:
        raise ToolError("A call in your answer cannot be read", why=call.problem, fix=_AGAIN)
    locked = call.name in run.template.tools and call.name not in run.requested
    if locked and (word := REQUESTED.get(call.name)):
        raise ToolError(
            f"{call.name} is there only where the person's own task holds the word {word!r}",
            fix="Tell the person to ask for it with that word, if it is what they want",
        )
    if tool is None or call.name not in offered:
        raise ToolError(
            f"There is no tool {call.name[:80]!r} here", fix=f"Tools: {', '.join(sorted(offered)) or 'none'}"
        )
    signature = (call.name, call.arguments)
    run.recent.append(signature)
    if run.recent[-MOST_REPEATS - 1 :] == [signature] * (MOST_REPEATS + 1):
        raise ToolError(
            "You have made this very call before; its result stands above", fix="Do something else"
        )
    if call.problem:
        raise ToolError(f"The call of {call.name} is not valid", why=call.problem, fix=_AGAIN)
    try:
        arguments = tool.arguments.model_validate_json(call.arguments)
    except ValidationError as error:
        raise ToolError(f"The call of {call.name} is not valid", why=_explain(error), fix=_AGAIN) from None
    return tool, arguments, tuple(tool.touches(arguments, run.services.tools))


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, p['loc'])) or 'arguments'}: {p['msg']}" for p in problems[:5])


def _keep_sources(run: ActiveRun, outcome: ToolText) -> Write:
    async def write(tx: Connection) -> None:
        for source in outcome.sources:
            await sources.add(tx, run.id, source.span, source.blob)

    return write


async def _return(
    run: ActiveRun,
    row: CallRow,
    call: ToolCall,
    text: str,
    summary: str,
    *,
    ok: bool,
    also: Write | None = None,
) -> None:
    """Write a call's result as the tool's message; the run goes on processing."""
    if len(text) > MOST_RESULT_CHARACTERS:
        text = f"{text[:MOST_RESULT_CHARACTERS]}\n... (the rest is too long to show)"

    async def write(tx: Connection) -> None:
        await calls.update(tx, row.id, state="done" if ok else "failed", result=text)
        await messages.append(tx, run.id, Message("tool", text, call_id=call.id))
        if also is not None:
            await also(tx)

    returned = ToolReturned(run=run.id, call=row.id, ok=ok, summary=summary)
    moves = () if run.state is RunState.PROCESSING else (StateChanged(run=run.id, state=RunState.PROCESSING),)
    await run.write(returned, *moves, also=write)
