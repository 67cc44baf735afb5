"""The composition root: the only place that builds concrete stores, models and the workbench."""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from codelab.agents.audited import note_overrides
from codelab.agents.recovery import settle_interrupted
from codelab.agents.services import Services
from codelab.config.load import load_settings
from codelab.config.places import Places, find_places
from codelab.config.settings import Settings
from codelab.core.ids import new_id
from codelab.core.redaction import learn
from codelab.core.secret_sources import values_of_environment
from codelab.index.reader import IndexReader
from codelab.index.supervisor import IndexSupervisor
from codelab.policy.load import PolicySource
from codelab.policy.watch import StateWatch
from codelab.store import trust
from codelab.store.daily import keep_backups
from codelab.store.overlay import Overlay
from codelab.store.state import StateDb, UserDb
from codelab.workbench.knowledge import Knowledge
from codelab.workbench.types import FaceInfo
from codelab.workbench.workbench import Workbench
from codelab.workspace.faces import FaceRecord, FaceRegistry
from codelab.workspace.root import check_root
from codelab.workspace.secret_files import secrets_of_workspace
from codelab.workspace.view import WorkspaceView
from codelab_models.choosing import ModelChooser, lent_candidate
from codelab_models.connect import how_to_add_a_model, open_chat_model
from codelab_models.registry.select import Candidate


async def open_workbench(root: Path, face: FaceInfo) -> Workbench:
    """Build the workbench of one face on one workspace.

    Args:
        root: The workspace root.
        face: Who is connected.

    Raises:
        InputError: The root cannot be a workspace, or the person's settings are wrong.
        StateError: The databases cannot be used.
    """
    learn(values_of_environment(os.environ))
    root = check_root(root)
    learn(await asyncio.to_thread(secrets_of_workspace, root))
    places = find_places()
    async with AsyncExitStack() as parts:
        user = await UserDb.open(places.user_db)
        parts.push_async_callback(user.close)
        async with user.read() as rx:
            trusted = await trust.is_trusted(rx, root)
        loaded = await asyncio.to_thread(load_settings, places, root, trusted=trusted)
        policy = PolicySource(places, root, trusted=trusted)
        notes = (*loaded.notes, *(await asyncio.to_thread(policy.current)).notes)
        person = _Person(places, loaded.settings, user, policy, trusted)
        services, knowledge = await _assemble(root, face, person, parts)
        if loaded.settings.sandbox.unsandboxed or loaded.settings.sandbox.as_root:
            async with services.db.write() as tx:
                await note_overrides(tx, loaded.settings.sandbox, face.client)
        if (
            face.kind != "lsp"
        ):  # an editor's buffers, which may hold an interrupted change, come a moment later
            await settle_interrupted(services)
        backing_up = asyncio.create_task(keep_backups(places.state_db(root), places.user_db), name="backups")
        parts.push_async_callback(_stop, backing_up)
        return Workbench(services, face, knowledge, parts.pop_all(), notes=notes)


@dataclass(frozen=True, slots=True)
class _Person:
    """What belongs to the person and holds for the workspace."""

    places: Places
    settings: Settings
    user: UserDb
    policy: PolicySource
    trusted: bool


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _assemble(
    root: Path, face: FaceInfo, person: _Person, parts: AsyncExitStack
) -> tuple[Services, Knowledge]:
    """Open every part of a face; ``parts`` closes those that were opened, the last first."""
    places, settings = person.places, person.settings
    face_id = new_id("face")
    cache = places.workspace_cache(root)
    faces = FaceRegistry.open(
        cache / "faces", FaceRecord(face_id, face.kind, face.client, face.can_prompt, time.time())
    )
    parts.callback(faces.close)
    overlay = await asyncio.to_thread(Overlay.open, cache, face_id, faces.alive)
    parts.push_async_callback(asyncio.to_thread, overlay.close)
    db = await StateDb.open(places.state_db(root), places.audit_head(root))
    parts.push_async_callback(db.close)
    watch = StateWatch(db)
    watch.start()
    parts.push_async_callback(watch.stop)
    reader = IndexReader.open(root, places, settings)
    knowledge = Knowledge(IndexSupervisor(root, places, settings), reader, overlay)
    parts.push_async_callback(knowledge.close)
    services = Services(
        root=root,
        face=face_id,
        client=face.client,
        kind=face.kind,
        settings=settings,
        db=db,
        watch=watch,
        view=WorkspaceView(root, overlay),
        overlay=overlay,
        faces=faces,
        search=knowledge.search,
        code=knowledge,
        model=open_chat_model(places, settings, os.environ, face.model),
        chooser=ModelChooser(places, settings, os.environ, lent=_lent(face)),
        model_help=how_to_add_a_model(),
        commands=places.commands,
        user=person.user,
        policy=person.policy,
        trusted=person.trusted,
    )
    return services, knowledge


def _lent(face: FaceInfo) -> Candidate | None:
    """Return the model that the client lends as the selector sees it."""
    return lent_candidate(face.client, face.model_profile) if face.model is not None else None
