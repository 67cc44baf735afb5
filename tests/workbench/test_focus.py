"""What the person has before them when they ask, as the model is told it."""

import json
from pathlib import Path

import pytest

from codelab.core.events import RunState
from codelab.core.positions import LineSpan
from codelab.workbench.types import Focus
from tests.support.bench import PAYMENTS, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model


@pytest.mark.req("AGENT-16")
async def test_lines_that_the_person_shows_count_as_read(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("explain").say("It charges: `payments.py:5-7`.")]) as model:
        configure(model)
        async with bench_on(root) as bench:
            handle = await bench.ask("explain", focus=Focus(LineSpan("payments.py", 5, 7)))
            result = await handle.result()
    assert "def charge(amount)" in json.dumps(model.requests[0].body["messages"])
    assert result.sources == (LineSpan("payments.py", 5, 7),)
    assert result.answer == "It charges: `payments.py:5-7`."


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize("path", [".env", "../outside.txt"])
async def test_secrets_and_what_is_outside_are_not_told_even_when_shown(tmp_path: Path, path: str) -> None:
    root = write_files(tmp_path / "shop", {".env": "PASSWORD=hunter2\n", "../outside.txt": "hunter2\n"})
    with scripted_model([When("explain").say("ok")]) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.ask("explain", focus=Focus(LineSpan(path, 1, 1)))).result()
    assert result.state is RunState.DONE
    assert "cannot be read" in json.dumps(model.requests[0].body["messages"])
    assert "hunter2" not in json.dumps(model.requests[0].body["messages"])
