"""Putting an approval to the person through the client, in both eras of the protocol.

Clients of the handshake era are asked while the call is open. Those of the stateless era get the question as
the call's result and call again with the answer; the run waits meanwhile. The state that travels with them
names run and approval, so that the second call continues the same run and answers the question it was
shown, and no other. The SDK seals that state, so nobody else can make one up.
"""

import asyncio
import json
from typing import Any, Literal

from mcp.server.elicitation import AcceptedElicitation, render_elicitation_schema
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field, ValidationError, create_model

from codelab.workbench.types import Answer, ApprovalView, Verdict
from codelab_mcp.watched import Question

_STATELESS_SINCE = "2026-07-28"
_KEY = "approval"
_CLOSED = Answer(Verdict.REJECTED, "The prompt was closed without an answer")
_MOST_EDITABLE = 4_000  # characters that a field of a form may hold; longer texts are edited elsewhere


class ApprovalForm(BaseModel):
    """What the person fills in; without a choice of theirs there is no yes."""

    decision: Literal["apply", "always", "edit", "reject"]
    reason: str = ""
    edited: str = ""


def form_of(approval: ApprovalView) -> type[BaseModel]:
    """Return the form for one approval, with the choices and fields that it has."""
    means = {
        "apply": "do exactly this",
        "always": f"do it, and don't ask again about {approval.rule} for {approval.rule_days:g} days",
        "edit": "ask again with the text below",
        "reject": "do not do it",
    }
    edits = approval.editable is not None and len(approval.editable) <= _MOST_EDITABLE
    offered = {"apply": True, "always": bool(approval.rule), "edit": edits, "reject": True}
    choices = tuple(choice for choice, there in offered.items() if there)
    told = "; ".join(f"{choice}: {means[choice]}" for choice in choices)
    fields: dict[str, Any] = {
        "decision": (Literal[choices], Field(title="Decision", description=told)),
        "reason": (str, Field("", title="Reason", description="Why not, for the agent; may stay empty.")),
    }
    if edits:
        what = "The text of the file" if approval.path else "The command"
        fields["edited"] = (
            str,
            Field(
                approval.editable, title="Edited", description=f"{what}, as it shall be; counts with `edit`."
            ),
        )
    return create_model("ApprovalForm", **fields)


class AskedState(BaseModel):
    """What travels with a question to a client of the stateless era."""

    run: str
    approval: str
    rounds: int


def is_stateless(ctx: Context) -> bool:
    """Tell whether the client is asked through the call's result."""
    version = ctx.protocol_version
    return version is not None and is_version_at_least(version, _STATELESS_SINCE)


async def ask_now(ctx: Context, question: Question) -> Answer | None:
    """Ask while the call is open.

    Returns:
        The person's answer, or None when another face was first and the question was withdrawn.
    """
    asking = asyncio.create_task(_elicit(ctx, question), name=f"ask {question.approval.id}")
    question.answer.add_done_callback(lambda _: asking.cancel())
    try:
        await asyncio.wait({asking})
    finally:
        asking.cancel()
    return None if asking.cancelled() else asking.result()


async def _elicit(ctx: Context, question: Question) -> Answer:
    try:
        outcome = await ctx.elicit(_message(question), form_of(question.approval))
    except (MCPError, ValueError):  # the client failed, or its form holds no choice
        return _CLOSED
    if isinstance(outcome, AcceptedElicitation):
        return _answer(ApprovalForm.model_validate(outcome.data.model_dump()))
    return Answer(Verdict.REJECTED) if outcome.action == "decline" else _CLOSED


def ask_by_result(run: str, question: Question, rounds: int) -> InputRequiredResult:
    """Return the result that makes the client ask the person and call again."""
    params = ElicitRequestFormParams(
        message=_message(question), requested_schema=render_elicitation_schema(form_of(question.approval))
    )
    state = AskedState(run=run, approval=question.approval.id, rounds=rounds)
    return InputRequiredResult(
        input_requests={_KEY: ElicitRequest(params=params)}, request_state=state.model_dump_json()
    )


def asked_before(ctx: Context) -> AskedState | None:
    """Return which question this call brings the answer to, if it is such a call."""
    if not ctx.request_state:
        return None
    try:
        return AskedState.model_validate(json.loads(ctx.request_state))
    except ValueError:
        return None


def brought_answer(ctx: Context) -> Answer | None:
    """Return the answer that this call brings, or None if it brings none."""
    response = (ctx.input_responses or {}).get(_KEY)
    if response is None:
        return None
    if not isinstance(response, ElicitResult):
        return _CLOSED
    if response.action == "decline":
        return Answer(Verdict.REJECTED)
    if response.action == "cancel":
        return _CLOSED
    try:
        return _answer(ApprovalForm.model_validate(response.content))
    except ValidationError:
        return _CLOSED


def _answer(form: ApprovalForm) -> Answer:
    match form.decision:
        case "apply" | "always":
            return Answer(Verdict.APPROVED, always=form.decision == "always")
        case "edit":
            return Answer(Verdict.EDITED, text=form.edited)
        case "reject":
            return Answer(Verdict.REJECTED, form.reason)


def _message(question: Question) -> str:
    approval = question.approval
    return "\n\n".join(filter(None, (approval.title, approval.detail, approval.remarks)))
