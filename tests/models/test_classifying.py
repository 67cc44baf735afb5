"""One label of a few, by one answer or by the majority of several."""

import random
from collections.abc import AsyncGenerator, Callable

import pytest

from codelab.config.settings import ModelSettings
from codelab.core.errors import ModelError
from codelab_models.classifying import classify, label_in
from codelab_models.client import EndpointModel
from codelab_models.wire import ChatRequest, Completion, Message, Part
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.req("MODEL-7", "MODEL-1")

LABELS = ("question", "change", "plan")
QUESTION = ChatRequest(
    (Message("system", "You sort requests."), Message("user", "rename pay")), model="small"
)


class Says:
    """A model that answers what a function returns."""

    def __init__(self, answer: Callable[[], str]) -> None:
        self._answer = answer

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        yield Completion(Message("assistant", self._answer()), "stop", "small", 10, 1, 0.001)


def in_turn(*answers: str) -> Says:
    left = list(answers)
    return Says(lambda: left.pop(0))


def test_the_fast_model_is_asked_only_if_the_person_wants_it() -> None:
    assert ModelSettings().classification_votes == 0


async def test_one_answer_is_the_likeliest_and_one_that_was_kept_serves() -> None:
    async with scripted_model([When("rename pay").say('The label is "Change".').usage(20, 4)]) as server:
        found = await classify(EndpointModel(server.base_url), QUESTION, LABELS)
        (request,) = server.requests
    assert (found.label, found.asked, found.tokens) == ("change", 1, 24)
    assert request.body["temperature"] == 0.0
    system, asked = request.body["messages"]
    assert system["content"] == "You sort requests."
    assert asked["content"].startswith("rename pay\n\n")
    assert all(f'"{label}"' in asked["content"] for label in LABELS)


@pytest.mark.parametrize(
    ("answers", "label", "asked"),
    [
        (["plan", "plan", "plan"], "plan", 3),
        (["plan", "change", "plan", "plan"], "plan", 4),
        (["plan", "change", "question", "change", "plan"], "plan", 5),
        (["hm", "change", "?", "change", "change"], "change", 4),
        (["change", "hm", "", "plan or change", "?"], "change", 5),
        (["hm", "?", "", "plan or change", "no"], "", 5),
    ],
)
async def test_the_majority_counts_and_asking_ends_when_it_stands(
    answers: list[str], label: str, asked: int
) -> None:
    found = await classify(in_turn(*answers), QUESTION, LABELS, votes=5)
    assert (found.label, found.asked) == (label, asked)
    assert found.tokens == 11 * asked
    assert found.cost_usd == pytest.approx(0.001 * asked)


async def test_several_answers_differ_and_none_is_one_that_was_kept() -> None:
    seen: list[ChatRequest] = []

    class Noted(Says):
        async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
            seen.append(request)
            async for part in super().stream(request):
                yield part

    await classify(Noted(lambda: "plan"), QUESTION, LABELS, votes=3)
    assert [(request.temperature, request.fresh) for request in seen] == [(0.7, True)] * 2


async def test_a_model_that_fails_is_told() -> None:
    async with scripted_model([When().status(401, "bad key")]) as server:
        with pytest.raises(ModelError, match="key"):
            await classify(EndpointModel(server.base_url), QUESTION, LABELS)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("change", "change"),
        ('{"label": "change"}', "change"),
        ("**Change**.", "change"),
        ("Change, change!", "change"),
        ("exchange", ""),
        ("change-over", ""),
        ("question or change", ""),
        ("", ""),
    ],
)
def test_a_label_is_a_word_of_its_own_and_the_only_one(text: str, label: str) -> None:
    assert label_in(text, LABELS) == label


async def test_of_a_model_that_errs_often_the_majority_errs_less_for_less_than_all_the_answers() -> None:
    """Scripted answers, right in 70 of 100 cases: what several of them bring, and what they cost."""
    chance = random.Random(7)

    def noisy() -> str:
        return "change" if chance.random() < 0.7 else chance.choice(["plan", "question"])

    right, asked = {1: 0, 5: 0}, {1: 0, 5: 0}
    for votes in right:
        for _ in range(400):
            found = await classify(Says(noisy), QUESTION, LABELS, votes=votes)
            right[votes] += found.label == "change"
            asked[votes] += found.asked
    assert 0.64 < right[1] / 400 < 0.76
    assert right[5] / 400 > 0.85
    assert asked[1] == 400
    assert 3 < asked[5] / 400 < 4.3
