"""Agents that ask a GGUF file: how far it has read, and conversations that are longer than its context."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.events import ModelChosen, ModelReading, Noted
from tests.support.bench import PAYMENTS, bench_on, configure, write_files
from tests.support.gguf_models import write_scripted
from tests.support.model_host import own_places, pid_of_host

pytestmark = [pytest.mark.req("MODEL-2", "MODEL-4", "MODEL-7"), pytest.mark.local]


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())  # before a test begins, which may leave no process behind
        yield found


@pytest.fixture
def home(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODELAB_HOME", str(places.cache.parent))


def local(path: Path, context: int) -> None:
    """Name a file in the person's settings."""
    folder = f"local_folders = ['{path.parent}']\nlocal_context = {context}\n"
    configure(more=f"[models]\nchat = 'local/{path.stem}'\ntool_calls = 'text'\n{folder}")


@pytest.mark.usefixtures("home")
async def test_a_person_sees_how_far_the_model_has_read_before_it_answers(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    local(write_scripted(tmp_path / "reads.gguf", ["Here", " it is."], context=32_768), 32_768)
    async with bench_on(root) as bench:
        handle = await bench.ask("where is it charged?")
        events = [event async for event in handle.events()]
        result = await handle.result()
    assert result.answer == "Here it is."
    (chosen,) = [event for event in events if isinstance(event, ModelChosen)]
    assert chosen.model == "local/reads"
    assert "32,768 tokens of context" in chosen.steps[0]
    assert [event for event in events if isinstance(event, ModelReading)]
    assert not [event for event in events if isinstance(event, Noted)]


@pytest.mark.usefixtures("home")
async def test_the_model_s_own_count_is_what_a_too_long_conversation_is_shortened_by(tmp_path: Path) -> None:
    # Each byte is a token of this vocabulary, four times what is estimated.
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    local(write_scripted(tmp_path / "short.gguf", ["Here", " it is."], context=12_288), 12_288)
    async with bench_on(root) as bench:
        session = ""
        for question in ("x" * 2500, "y" * 2500, "z" * 2500):
            result = await (await bench.ask(question, session=session)).result()
            assert result.answer == "Here it is.", result.error
            session = result.session
