"""What the model host tells of itself and of what it needs, at once, whatever is still being imported."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.host_in_process import InProcess, host_in_process

pytestmark = pytest.mark.req("MODEL-2", "MODEL-4")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[InProcess]:
    """Give a host that never imports litellm."""
    async with host_in_process(tmp_path) as found:
        yield found


async def test_models_are_listed_without_waiting_for_litellm(host: InProcess) -> None:
    listed = (await host.client.get("/v1/models")).json()
    names = {entry["id"]: entry["owned_by"] for entry in listed["data"]}
    assert names["anthropic/claude-sonnet-4-5"] == "anthropic"
    assert names["openai/gpt-5-mini"] == "openai"
    assert len(names) > 500
    health = (await host.client.get("/health")).json()
    assert health["dependencies"]["litellm"]["state"] == "loading", "it was imported for a list"


async def test_health_tells_what_is_there_and_what_is_not(host: InProcess) -> None:
    health = (await host.client.get("/health")).json()
    assert (health["pid"], health["ready"], health["error"]) == (os.getpid(), False, "")
    needed = health["dependencies"]
    assert needed["litellm"]["version"].startswith("1.")
    assert needed["keyring"]["state"] in ("ready", "absent")
    assert needed["llama_cpp"]["state"] in ("ready", "absent")
    assert needed["accounts"] == needed["kept_answers"] == {"state": "ready"}


async def test_health_says_why_the_accounts_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "models.db").mkdir()
    async with host_in_process(tmp_path) as host:
        needed = (await host.client.get("/health")).json()["dependencies"]
    assert needed["accounts"]["state"] == "failed"
    assert "models.db" in needed["accounts"]["why"]


async def test_what_is_not_there_is_an_error_like_all_others(host: InProcess) -> None:
    answer = await host.client.get("/v1/nothing")
    assert answer.status_code == 404
    told = answer.json()["error"]["codelab"]
    assert "/v1/nothing" in told["what"]
    assert "/v1/chat/completions" in told["fix"]
    assert (await host.client.get("/v1/chat/completions")).status_code == 405
