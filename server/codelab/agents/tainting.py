"""Labels of what a run reads, stored with its session before the text is told to the model.

What counts as untrusted is decided here: all text of a workspace that the person does not trust; in one that
they trust, installed packages and copies of other projects; whatever comes from outside of the workspace. A
sandboxed command has no network, so what it says is as much to be trusted as the workspace is.
"""

from collections.abc import Sequence

from codelab.agents.run import ActiveRun
from codelab.agents.services import Services
from codelab.core.events import Noted
from codelab.core.visible import visible
from codelab.policy.taint import Taint, in_words
from codelab.policy.types import Mode
from codelab.store import taints
from codelab.store.connection import Connection
from codelab.tools.contract import Origin
from codelab.workspace.foreign import is_foreign


def labels_of(services: Services, origin: Origin, sources: Sequence[str]) -> Taint:
    """Return the labels of a text.

    Args:
        services: Tells whether the person trusts the workspace.
        origin: Where the text comes from.
        sources: Its files, or what else it is named by.
    """
    if origin is Origin.OURS:
        return Taint()
    shown = tuple(dict.fromkeys(visible(source) for source in sources))
    if origin is Origin.OUTSIDE:
        return Taint(untrusted=shown)
    untrusted = tuple(source for source in shown if not services.trusted or is_foreign(source))
    return Taint(untrusted=untrusted, private=shown)


async def read_taint(tx: Connection, session: str) -> Taint:
    """Return the labels of a session as they are stored."""
    untrusted, private = [await taints.of_session(tx, session, label) for label in ("untrusted", "private")]
    return Taint(untrusted, private)


async def store_taint(tx: Connection, session: str, taint: Taint) -> None:
    """Add labels to a session."""
    for label, sources in (("untrusted", taint.untrusted), ("private", taint.private)):
        for source in sources:
            await taints.add(tx, session, label, source)


async def refresh_taint(run: ActiveRun) -> None:
    """Take over what other runs of the session have read."""
    async with run.services.db.read() as rx:
        run.taint = run.taint.joined(await read_taint(rx, run.session))


async def taint_run(run: ActiveRun, origin: Origin, sources: Sequence[str]) -> None:
    """Label a run's session for a text that its model is about to be told.

    The person is told once where this ends the editing without questions.
    """
    before = run.taint
    joined = before.joined(labels_of(run.services, origin, sources))
    if joined == before:
        return
    async with run.services.db.write() as tx:
        await store_taint(tx, run.session, joined)
    run.taint = joined
    if joined.untrusted and not before.untrusted and run.mode is Mode.ALLOW_EDITS:
        trust = "" if run.services.trusted else "; `codelab config trust` says that you trust this workspace"
        read = in_words(joined.untrusted)
        text = f"Edits are asked from here on: the agent read untrusted text ({read}){trust}"
        await run.write(Noted(run=run.id, text=text))
