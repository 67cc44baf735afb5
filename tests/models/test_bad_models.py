"""Everything that a model or its server may do wrong, over the real host: one sentence, and what to do.

Each is asked alone, and with another model that answers instead where the first has said nothing yet.
"""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError
from codelab_models.connect import open_chat_model
from codelab_models.failures import FailureKind, kind_of
from codelab_models.start import ask_health, ensure_host, ready_host
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta
from tests.support.gguf_file import write_gguf
from tests.support.model_host import own_places, pid_of_host
from tests.support.model_server import When, scripted_model

pytestmark = [pytest.mark.req("MODEL-2", "MODEL-4", "SAFE-7"), pytest.mark.slow]

STRAIGHT, TRANSLATED = "openai/scripted", "custom_openai/scripted"  # without litellm, and through it
KEY = "canary-of-the-face"
K = FailureKind


@dataclass(frozen=True)
class Bad:
    """A way to fail.

    Attributes:
        kind: How it is told.
        says: Stands in what is told.
        fix: Stands in what to do.
        rule: How the server answers; None: there is none at the address.
        model: Who is asked, if not the scripted server.
        spoken: Something is said before it fails, so no other model is asked.
        ways: The models by which the server is asked.
        seconds: Longest wait for the first token; 0 for ever.
    """

    kind: FailureKind
    says: str
    fix: str
    rule: When | None = None
    model: str = ""
    spoken: bool = False
    ways: tuple[str, ...] = (STRAIGHT, TRANSLATED)
    seconds: float = 0.0


BAD = {
    "unknown model": Bad(K.UNKNOWN_MODEL, "has no model", "models.chat", When().status(404, "no such model")),
    "unknown provider": Bad(K.UNKNOWN_MODEL, "No provider is known", "provider too", model="no-such/model"),
    "no key": Bad(K.KEY, "There is no key for Anthropic", "ANTHROPIC_API_KEY", model="anthropic/claude-x"),
    "wrong key": Bad(K.KEY, "does not accept the key", "key", When().status(401, f"bad key {KEY}")),
    "quota": Bad(K.BUSY, "quota", "Wait", When().status(429, "quota", retry_after="3600")),
    "content filter": Bad(
        K.FILTERED, "content filter", "other words", When().status(400, "no", code="content_filter")
    ),
    "filtered answer": Bad(K.FILTERED, "content filter", "other words", When().finish("content_filter")),
    "context too long": Bad(
        K.TOO_LONG, "too long", "new session", When().status(400, "maximum context length is 8")
    ),
    "down": Bad(K.UNREACHABLE, "cannot be reached", "Check that it runs"),
    "slow": Bad(K.SLOW, "does not answer", "models.local_first_token_seconds", When().stall(), seconds=1.0),
    "a web page": Bad(K.GARBAGE, "not an answer", "OpenAI-compatible", When().garbage(), ways=(STRAIGHT,)),
    "says nothing": Bad(K.EMPTY, "answered nothing", "another model", When()),
    "lies about its length": Bad(
        K.CUT,
        "broke off",
        "Try again",
        When().raw('data: {"choices": [{"delta": {"content": "half"}}]}\n\n', length=9999),
        spoken=True,
    ),
    "is cut": Bad(K.CUT, "broke off", "Try again", When().say("half").cut(), spoken=True),
    "one line for ever": Bad(
        K.ENDLESS, "line without end", "Try again", When().endless_line(), ways=(STRAIGHT,)
    ),
    "streams for ever": Bad(
        K.ENDLESS, "does not stop", "Try again", When().never_ends("word " * 40_000), spoken=True
    ),
}
CASES = [(name, way) for name, bad in BAD.items() for way in ((bad.model,) if bad.model else bad.ways)]


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())
        asyncio.run(ready_host(found, Settings()))
        yield found


def nowhere() -> str:
    """Return the URL of a server that is down."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


async def ask(
    places: Places, model: str, base: str, spare: str = "", *, seconds: float = 0.0
) -> tuple[str, Completion]:
    """Return the text that was shown, and the answer.

    Args:
        places: Where the host is.
        model: Who is asked.
        base: Where.
        spare: Where another model may be asked.
        seconds: Longest wait for the first token; 0 for ever.
    """
    models = ModelSettings(
        chat=model,
        api_base="" if model == BAD["no key"].model else base,
        fallbacks=("ollama/spare",) if spare else (),
        local_first_token_seconds=seconds,
        requests_per_hour=10_000,
        cache_hours=0,
    )
    environ = {"OLLAMA_API_BASE": spare} | ({} if model == BAD["no key"].model else {"CODELAB_API_KEY": KEY})
    asked = open_chat_model(places, Settings(models=models), environ)
    assert asked is not None
    parts = [part async for part in asked.stream(ChatRequest((Message("user", "hello"),)))]
    assert isinstance(parts[-1], Completion)
    return "".join(part.text for part in parts if isinstance(part, TextDelta)), parts[-1]


def check_told(error: ModelError, bad: Bad) -> None:
    assert kind_of(error) is bad.kind, error
    assert bad.says in error.what or bad.says in error.why, error
    assert bad.fix in error.fix, error
    assert "\n" not in f"{error.what}{error.why}{error.fix}"
    assert ". " not in error.what.rstrip("."), "what happened is one sentence"
    assert KEY not in str(error)
    assert "itellm" not in str(error)


@pytest.mark.parametrize(("name", "model"), CASES)
async def test_what_goes_wrong_is_told_in_a_sentence_with_what_to_do(
    places: Places, name: str, model: str
) -> None:
    bad = BAD[name]
    async with scripted_model([bad.rule] if bad.rule else []) as server:
        base = server.base_url if bad.rule else nowhere()
        with pytest.raises(ModelError) as caught:
            await ask(places, model, base, seconds=bad.seconds)
        if name in {"streams for ever", "slow"}:
            await server.left()
    check_told(caught.value, bad)
    assert (await ask_health(await ensure_host(places, Settings()))).ready, "the host goes on"


@pytest.mark.parametrize(("name", "model"), CASES)
async def test_another_model_answers_where_nothing_was_said_yet(
    places: Places, name: str, model: str
) -> None:
    bad = BAD[name]
    async with (
        scripted_model([bad.rule] if bad.rule else []) as server,
        scripted_model([When("hello").say("instead")]) as spare,
    ):
        base = server.base_url if bad.rule else nowhere()
        if bad.spoken:
            with pytest.raises(ModelError) as caught:
                await ask(places, model, base, spare.base_url, seconds=bad.seconds)
            check_told(caught.value, bad)
            assert spare.requests == [], "nothing is said twice"
            return
        shown, completion = await ask(places, model, base, spare.base_url, seconds=bad.seconds)
        assert len(spare.requests) == 1
        assert spare.requests[0].body["messages"] == [{"role": "user", "content": "hello"}], "nothing is lost"
        assert spare.requests[0].key == "", "the key of one provider is none of the other's business"
    assert shown == completion.message.content == "instead"
    assert completion.model == "ollama/spare"
    (passed,) = completion.extra["passed_over"]
    assert passed["model"] == model
    assert bad.says in passed["why"] or name == "quota"


FILES = {
    "not there": None,
    "no GGUF": b"this is a text",
    "empty": b"",
    "cut off in its header": b"GGUF\x03\x00\x00\x00",
}


@pytest.mark.parametrize("name", [*FILES, "cut off in its tensors"])
async def test_a_file_that_is_no_model_is_told_and_another_answers(
    places: Places, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.gguf"
    if name == "cut off in its tensors":
        write_gguf(path, {"general.architecture": "llama"})
        path.write_bytes(path.read_bytes()[:-3])
    elif (content := FILES[name]) is not None:
        path.write_bytes(content)
    model = f"gguf:{path}"
    with pytest.raises(ModelError) as caught:
        await ask(places, model, "")
    told = caught.value
    assert "model.gguf" in told.what
    assert told.fix
    assert "\n" not in f"{told.what}{told.why}{told.fix}"
    async with scripted_model([When("hello").say("instead")]) as spare:
        shown, completion = await ask(places, model, "", spare.base_url)
    assert shown == "instead"
    assert "model.gguf" in completion.extra["passed_over"][0]["why"]
