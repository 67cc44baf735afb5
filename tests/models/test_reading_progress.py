"""How far a slow model has read its prompt, told while one waits for the first text."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from codelab_models.calls import Grade, ask
from codelab_models.client import EndpointModel
from codelab_models.failures import FailureKind, failure
from codelab_models.in_turn import first_to_answer
from codelab_models.wire import ChatRequest, Completion, Message, Part, PromptRead, TextDelta
from tests.support.model_server import When, scripted_model
from tests.support.slow_reading import reading_stream
from tests.support.tools_for_calls import TOOLS

pytestmark = pytest.mark.req("MODEL-2", "MODEL-4")

QUESTION = ChatRequest((Message("user", "hello"),), TOOLS)
NONSENSE = (
    *(None, 7, [], {}, {"processed": "1", "total": 2}, {"processed": 3, "total": 2}),
    {"processed": -1, "total": 2},
)


def model_at(url: str) -> EndpointModel:
    return EndpointModel(url, "scripted", retry_seconds=0.001)


async def parts_of(stream: AsyncGenerator[Part, None]) -> list[Part]:
    return [part async for part in stream]


@pytest.mark.parametrize("grade", Grade)
async def test_progress_comes_before_the_text_however_tools_are_offered(grade: Grade) -> None:
    stream = reading_stream("Hi.", {"processed": 1, "total": 4}, {"processed": 4, "total": 4, "cache": 0})
    async with scripted_model([When().raw(stream)]) as server:
        parts = await parts_of(ask(model_at(server.base_url), QUESTION, grade))
    assert parts[:3] == [PromptRead(1, 4), PromptRead(4, 4), TextDelta("Hi.")]
    assert isinstance(parts[-1], Completion)
    assert parts[-1].message.content == "Hi."


async def test_progress_that_makes_no_sense_is_left_aside() -> None:
    async with scripted_model([When().raw(reading_stream("Hi.", *NONSENSE))]) as server:
        parts = await parts_of(model_at(server.base_url).stream(QUESTION))
    assert parts[:-1] == [TextDelta("Hi.")]


async def test_a_model_that_only_read_may_still_be_replaced_by_another() -> None:
    class Other:
        async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
            yield Completion(Message("assistant", "instead"), "stop", "other")

    class ReadsAndFails:
        async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
            yield PromptRead(1, 2)
            raise failure(FailureKind.SERVER, "It failed")

    told = await parts_of(first_to_answer([(ReadsAndFails(), QUESTION), (Other(), QUESTION)]))
    assert told[0] == PromptRead(1, 2)
    assert isinstance(told[1], Completion)
    assert told[1].extra["passed_over"] == [{"why": "It failed"}]


async def test_an_openai_client_takes_the_stream_as_any_other() -> None:
    import openai

    async with scripted_model([When().raw(reading_stream("Hi.", {"processed": 1, "total": 4}))]) as server:
        client = openai.AsyncOpenAI(base_url=server.base_url, api_key="none")
        said: Sequence[str] = [
            chunk.choices[0].delta.content or ""
            async for chunk in await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "hello"}], stream=True
            )
        ]
        await client.close()
    assert "".join(said) == "Hi."
