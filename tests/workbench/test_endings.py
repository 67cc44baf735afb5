"""How runs and faces end when something comes between: a second stop, a full disk, an unusable state."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from codelab.config.places import find_places
from codelab.core.errors import StateError
from codelab.core.events import RunEnded, RunState
from codelab.workbench.types import BufferEdit, Mode
from codelab.workbench.workbench import Workbench
from tests.support.bench import PAYMENTS, BufferEditor, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.slow

EDIT = {"path": "payments.py", "replacements": [{"old": "amount}", "new": "amount, 'ok': True}"}]}


class SlowEditor(BufferEditor):
    """An editor that takes its time over an edit."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()

    async def apply(self, edit: BufferEdit) -> bool:
        """Change a buffer when the test says so."""
        self.began.set()
        await self.go_on.wait()
        return await super().apply(edit)


def state_of(root: Path) -> Path:
    """Return the file of the workspace's state."""
    return find_places().workspace_data(root) / "state.db"


def let_no_event_be_stored(root: Path) -> None:
    """Make every write of an event fail, as a full disk does, while all else can be read and written."""
    with closing(sqlite3.connect(state_of(root), isolation_level=None)) as db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN INSERT INTO nowhere VALUES (NEW.run); END"
        )


@pytest.mark.req("AGENT-16", "SAFE-2")
async def test_however_often_the_person_stops_a_change_under_way_is_finished_and_told(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("go", role="user").call("edit_file", EDIT)]) as model:
        configure(model)
        async with bench_on(root) as bench:
            editor = SlowEditor(bench)
            bench.attach(editor=editor)
            editor.type("payments.py", PAYMENTS)
            handle = await bench.act("go", mode=Mode.ALLOW_EDITS)
            await editor.began.wait()
            stops = []
            for _ in range(3):
                stops.append(asyncio.create_task(bench.stop()))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            editor.go_on.set()
            await asyncio.gather(*stops)
            result = await handle.result()
            assert result.state is RunState.CANCELLED
            assert result.answer == "Stopped. Changed so far: payments.py (undo puts it back)."
            assert [changed.path for changed in result.changed] == ["payments.py"]
            await bench.undo()
            assert editor.buffers["payments.py"] == PAYMENTS


@pytest.mark.req("AGENT-8", "AGENT-16")
async def test_a_run_whose_end_cannot_be_stored_still_ends_for_its_listeners(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("go").stall().say("ok")]) as model:
        configure(model)
        async with bench_on(root) as bench:
            handle = await bench.act("go")
            await model.requested()
            let_no_event_be_stored(root)
            model.release()
            events = [event async for event in handle.events()]
            result = await handle.result()
    assert isinstance(events[-1], RunEnded)
    assert events[-1].state is RunState.FAILED
    assert result.state is RunState.FAILED
    assert "nowhere" in result.error


@pytest.mark.req("AGENT-16")
async def test_who_waits_for_a_result_can_be_cancelled_and_the_run_goes_on(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("go").never_ends()]) as model:
        configure(model)
        async with bench_on(root) as bench:
            handle = await bench.act("go")
            waiting = asyncio.create_task(handle.result())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert await bench.stop() == [handle.run]


@pytest.mark.req("CARD-1")
async def test_a_face_that_cannot_be_opened_is_not_taken_for_a_living_one(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    async with bench_on(root):
        pass
    with closing(sqlite3.connect(state_of(root))) as db:
        db.execute("PRAGMA user_version = 9999")
    with pytest.raises(StateError):
        async with bench_on(root, can_prompt=True):
            pass
    assert list((find_places().workspace_cache(root) / "faces").iterdir()) == []


class BreakingEditor(BufferEditor):
    """An editor whose connection breaks after it applied an edit, or before, and that types on by itself."""

    def __init__(self, bench: Workbench, *, applies: bool, typed: str = "") -> None:
        super().__init__(bench)
        self.applies = applies
        self.typed = typed

    async def apply(self, edit: BufferEdit) -> bool:
        """Apply the edit or not, and break off; or apply it and go on typing."""
        if self.applies:
            await super().apply(edit)
            if self.typed:
                self.type(edit.path, self.buffers[edit.path] + self.typed)
                return True
        raise ConnectionResetError("the editor is gone")


@pytest.mark.req("SAFE-2", "SAFE-8")
@pytest.mark.parametrize("applies", [True, False])
async def test_when_the_editor_breaks_off_the_buffer_tells_whether_the_change_was_made(
    tmp_path: Path, applies: bool
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [When("go", role="user").call("edit_file", EDIT), When(role="tool").say("ok")]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            editor = BreakingEditor(bench, applies=applies)
            bench.attach(editor=editor)
            editor.type("payments.py", PAYMENTS)
            result = await (await bench.act("go", mode=Mode.ALLOW_EDITS)).result()
            assert len(result.changed) == applies
            assert (await bench.status()).undo_available == applies
            assert (editor.buffers["payments.py"] != PAYMENTS) == applies


@pytest.mark.req("SAFE-2")
async def test_what_the_person_types_while_an_edit_is_confirmed_is_not_forgotten(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [When("go", role="user").call("edit_file", EDIT), When(role="tool").say("ok")]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            editor = BreakingEditor(bench, applies=True, typed="# typed\n")
            bench.attach(editor=editor)
            editor.type("payments.py", PAYMENTS)
            await (await bench.act("go", mode=Mode.ALLOW_EDITS)).result()
            assert (await bench.read_range("payments.py")).text.endswith("# typed")
