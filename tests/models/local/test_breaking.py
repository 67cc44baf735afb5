"""What is stopped, killed or broken costs one call: it is said so, and the next one works."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab_models.start import ask_health, ensure_host
from tests.support.gguf_models import write_encoder, write_random, write_scripted
from tests.support.local_models import (
    chat_body,
    children_of,
    command_of,
    computing_ticks,
    events,
    host_client,
    text_in,
)
from tests.support.model_host import end_process, own_places, pid_of_host, wait_for_end

pytestmark = [pytest.mark.req("MODEL-2"), pytest.mark.local, pytest.mark.slow]

LONG = 20_000  # tokens: reading so many takes a model of this kind minutes of computing


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())  # before a test begins, which may leave no process behind
        yield found


@pytest.fixture
def own() -> Iterator[Places]:
    """Give places for a test that ends its host or changes the settings."""
    with own_places() as found:
        yield found


async def child_of(places: Places, path: Path) -> int:
    host = (await ask_health(await ensure_host(places, Settings()))).pid
    (child,) = (pid for pid in children_of(host) if str(path) in command_of(pid))
    return child


def logged(places: Places) -> str:
    return (places.cache / "model-host" / "host.log").read_text()


async def check_works(client: httpx.AsyncClient, path: Path) -> None:
    answer = await client.post("/chat/completions", json=chat_body(path, max_tokens=2))
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]


async def check_idle(client: httpx.AsyncClient, child: int) -> None:
    before = computing_ticks(child)
    for _ in range(20):
        await client.get("/health")
    assert computing_ticks(child) - before <= 1


async def test_a_caller_that_leaves_stops_the_writing(places: Places, tmp_path: Path) -> None:
    path = write_scripted(tmp_path / "endless.gguf", ["on ", "and "], endless=True, context=32_768)
    async with host_client(places) as client:
        async with client.stream("POST", "/chat/completions", json=chat_body(path, stream=True)) as response:
            got = events(response)
            while not text_in(await anext(got)):
                pass
            await got.aclose()
        await check_works(client, path)  # whose turn comes once the first is stopped
        await check_idle(client, await child_of(places, path))


async def test_a_caller_that_leaves_stops_the_reading_of_its_prompt(places: Places, tmp_path: Path) -> None:
    path = write_random(tmp_path / "slow.gguf", width=256, layers=4, feed=1024, context=32_768)
    async with host_client(places) as client:
        body = chat_body(path, "x" * LONG, stream=True)
        async with client.stream("POST", "/chat/completions", json=body) as response:
            got = events(response)
            while "prompt_progress" not in (event := await anext(got)):
                assert not text_in(event)
            assert 0 < event["prompt_progress"]["processed"] < event["prompt_progress"]["total"]
            await got.aclose()
        await check_works(client, path)
        child = await child_of(places, path)
        await check_idle(client, child)
    assert logged(places).count("slow.gguf loaded for chat") == 1  # it was stopped, not killed


async def test_a_model_killed_in_mid_stream_is_told_and_loaded_anew(places: Places, tmp_path: Path) -> None:
    path = write_scripted(tmp_path / "endless.gguf", ["on ", "and "], endless=True, context=32_768)
    async with host_client(places) as client:
        async with client.stream("POST", "/chat/completions", json=chat_body(path, stream=True)) as response:
            got = events(response)
            while not text_in(await anext(got)):
                pass
            child = await child_of(places, path)
            os.kill(child, signal.SIGKILL)
            rest = [event async for event in got]
        told = rest[-1]["error"]["codelab"]
        assert told["kind"] == "cut"
        assert told["what"] == "The local model endless.gguf broke down"
        assert "SIGKILL" in told["why"]
        assert "Ask again" in told["fix"]
        await check_works(client, path)
        assert await child_of(places, path) != child


async def test_a_crash_inside_llama_cpp_is_told(places: Places, tmp_path: Path) -> None:
    path = write_random(tmp_path / "of_doubles.gguf", kind=np.float64)  # which llama.cpp aborts at
    good = write_scripted(tmp_path / "good.gguf", ["fine"])
    async with host_client(places) as client:
        refused = await client.post("/chat/completions", json=chat_body(path))
        told = refused.json()["error"]["codelab"]
        assert told["what"] == "The local model of_doubles.gguf broke down"
        assert "SIGABRT" in told["why"]
        await check_works(client, good)


async def test_the_model_ends_with_its_host(own: Places, tmp_path: Path) -> None:
    path = write_scripted(tmp_path / "good.gguf", ["fine"])
    async with host_client(own) as client:
        await check_works(client, path)
        child = await child_of(own, path)
        host = (await ask_health(await ensure_host(own, Settings()))).pid
        end_process(host, signal.SIGKILL)
        wait_for_end(child)


async def test_under_a_small_ceiling_the_one_not_used_for_longest_makes_room(
    own: Places, tmp_path: Path
) -> None:
    own.config.mkdir(exist_ok=True)
    own.user_config.write_text("[models]\nlocal_memory_gb = 0.2\n")  # room for two
    one, two, three = (write_scripted(tmp_path / f"{n}.gguf", [f"{n}"]) for n in ("one", "two", "three"))
    async with host_client(own) as client:
        for path in (one, two, one, three):
            await check_works(client, path)
        assert [line.split()[2] for line in logged(own).splitlines() if "unloaded" in line] == ["two.gguf"]
        own.user_config.write_text("[models]\nlocal_memory_gb = 0.01\n")
        refused = await client.post(
            "/chat/completions", json=chat_body(write_scripted(tmp_path / "four.gguf", ["x"]))
        )
        told = refused.json()["error"]["codelab"]
        assert told["what"] == "four.gguf is too large for this machine"
        assert "models.local_memory_gb" in told["fix"]


async def test_what_is_no_usable_file_is_told_in_words(places: Places, tmp_path: Path) -> None:
    whole = write_scripted(tmp_path / "whole.gguf", ["fine"]).read_bytes()
    cut, none, empty = (tmp_path / f"{name}.gguf" for name in ("cut", "none", "empty"))
    cut.write_bytes(whole[: len(whole) // 2])
    none.write_bytes(b"<html>")
    empty.touch()
    says = {
        cut: "ends too early",
        none: "is no GGUF file",
        empty: "is no GGUF file",
        tmp_path / "missing.gguf": "There is no file",
        write_encoder(tmp_path / "encoder.gguf"): "cannot answer",
        Path("relative.gguf"): "names no file",
    }
    async with host_client(places) as client:
        for path, words in says.items():
            refused = await client.post("/chat/completions", json=chat_body(path))
            assert refused.status_code in (400, 404)
            assert words in refused.json()["error"]["message"], path
            assert refused.json()["error"]["codelab"]["fix"]
