"""How long a conversation may be for a model."""

import pytest

from codelab.agents.measure import FOR_THE_ANSWER, MOST_UNANSWERED, UNCOUNTED, Measure, lengths_in
from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure
from codelab_models.registry.profile import UNKNOWN, Profile

pytestmark = pytest.mark.req("MODEL-4", "MODEL-7")

SAID = {
    "openai": (
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9542 tokens. "
        "Please reduce the length of the messages.",
        (9542, 8192),
    ),
    "openai with an answer": (
        "This model's maximum context length is 4097 tokens. However, you requested 5097 tokens (1097 in the "
        "messages, 4000 in the completion).",
        (5097, 4097),
    ),
    "anthropic": ("prompt is too long: 208310 tokens > 200000 maximum", (208310, 200000)),
    "google": (
        "The input token count (1260000) exceeds the maximum number of tokens allowed (1048576).",
        (1260000, 1048576),
    ),
    "mistral": (
        "Prompt contains 40001 tokens and 0 draft tokens, too large for model with 32768 maximum context "
        "length",
        (40001, 32768),
    ),
    "llama.cpp": (
        "request (5213 tokens) exceeds the available context size (4096 tokens), try increasing it",
        (5213, 4096),
    ),
    "a file on this machine": ("It has 9,120 tokens, and the model's context holds 8,192", (9120, 8192)),
    "the limit alone": ("maximum context length is 4096 tokens", (0, 4096)),
    "a name with numbers": ("gpt-4-0613 and model-128000 allow 8192 tokens at /v1/1234", (0, 8192)),
    "nothing": ("the input is too long", (0, 0)),
}


def too_long(why: str) -> ModelError:
    return failure(FailureKind.TOO_LONG, "The conversation is too long", why=why)


@pytest.mark.parametrize("server", SAID)
def test_what_servers_say_of_lengths_is_understood(server: str) -> None:
    why, lengths = SAID[server]
    assert lengths_in(why) == lengths


def test_without_any_knowledge_there_is_no_limit() -> None:
    assert Measure().tokens(UNKNOWN, 500) == 0


def test_the_context_of_the_model_leaves_room_for_tools_an_answer_and_the_error_of_the_estimate() -> None:
    assert Measure().tokens(Profile(context=40_000), 500) == int((40_000 - FOR_THE_ANSWER) / UNCOUNTED) - 500
    assert Measure().tokens(Profile(context=4_000), 0) == int(3_000 / UNCOUNTED)
    assert Measure().tokens(Profile(context=1_000), 5_000) == 1


def test_a_count_of_the_model_replaces_the_guess_within_reason() -> None:
    measure = Measure()
    measure.count(1_000, 900)
    assert measure.tokens(Profile(context=4_000), 0) == int(3_000 / 0.9)
    measure.count(1_000, 0)
    assert measure.factor == 0.9
    measure.count(10, 1_000_000)
    assert measure.factor == 4.0


def test_only_a_request_that_may_be_too_long_has_to_be_counted() -> None:
    measure, profile = Measure(), Profile(context=4_000)
    assert not measure.doubts(UNKNOWN, 1_000_000)
    assert not measure.doubts(profile, 1_500)
    assert measure.doubts(profile, 1_501)
    measure.count_exactly(1_600, None)
    assert measure.doubts(profile, 1_600)
    assert measure.factor == 0
    measure.count_exactly(1_600, 0)
    assert not measure.doubts(profile, 1_600)


def test_who_does_not_answer_several_times_is_not_asked_any_more() -> None:
    measure, profile = Measure(), Profile(context=4_000)
    for counted in (*[None] * (MOST_UNANSWERED - 1), 1_600, *[None] * MOST_UNANSWERED):
        assert measure.doubts(profile, 1_600)
        measure.count_exactly(1_600, counted)
    assert not measure.doubts(profile, 1_600)


@pytest.mark.parametrize("counted", [500, 3_000, 20_000])
def test_what_the_tokenizer_says_decides_whether_a_request_fits(counted: int) -> None:
    measure, profile = Measure(), Profile(context=4_000)
    measure.count_exactly(1_600, counted)
    assert (measure.tokens(profile, 100) >= 1_500) == (counted <= 3_000)


def test_a_refusal_that_says_both_lengths_gives_the_exact_room() -> None:
    measure = Measure()
    measure.refuse(6_000, too_long(SAID["openai"][0]))
    assert (measure.room, round(measure.factor, 3)) == (8192, 1.59)
    assert measure.tokens(Profile(context=128_000), 0) == int((8192 - 2048) / measure.factor)


def test_a_refusal_that_says_nothing_of_use_shortens_by_a_part() -> None:
    measure = Measure()
    measure.refuse(6_000, too_long("the input is too long"))
    assert measure.room == 3_600
    measure.refuse(3_000, too_long("at most 1000000 tokens"))
    assert measure.room == 1_800
