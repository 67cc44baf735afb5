"""Trust from history: its score, its words, and when it is enough to propose a standing rule."""

import pytest

from codelab.policy.trust import HALF_LIFE_DAYS, Ended, Ending, trust_in, why_propose, wilson_lower

pytestmark = pytest.mark.req("SAFE-3")

NOW = 1_000_000_000.0
DAY = 86_400.0


def ended(*endings: Ending, age_days: float = 0.0) -> list[Ended]:
    """Return calls that ended so, some days ago."""
    return [Ended(ending, NOW - age_days * DAY) for ending in endings]


def score(history: list[Ended]) -> float:
    """Return the score that a history gives."""
    return trust_in("coder", "edits", history, NOW).score


@pytest.mark.parametrize(
    ("good", "all_", "lower"),
    # One-sided 95 %, by the published formula: R, prop.test(good, all, conf.level = 0.9, correct = FALSE)
    [(0, 0, 0.0), (1, 1, 0.2698), (10, 10, 0.7871), (9, 10, 0.6523), (50, 100, 0.4190)],
)
def test_the_score_is_the_lower_end_of_wilsons_interval(good: float, all_: float, lower: float) -> None:
    assert wilson_lower(good, all_) == pytest.approx(lower, abs=5e-4)


def test_few_good_calls_are_trusted_less_than_many() -> None:
    approved = Ending.APPROVED
    assert 0 == score([]) < score(ended(approved)) < score(ended(*[approved] * 5)) < 1


def test_what_the_person_did_not_want_lowers_it() -> None:
    base = [Ending.APPROVED] * 10
    for bad in (Ending.REJECTED, Ending.UNDONE, Ending.FAILED, Ending.EDITED):
        assert score(ended(*base, bad)) < score(ended(*base))
    assert score(ended(*base, Ending.EDITED)) > score(ended(*base, Ending.REJECTED))


def test_what_is_long_ago_weighs_less() -> None:
    old_no = [*ended(*[Ending.APPROVED] * 5), *ended(Ending.REJECTED, age_days=6 * HALF_LIFE_DAYS)]
    new_no = ended(*[Ending.APPROVED] * 5, Ending.REJECTED)
    assert score(new_no) < score(old_no)
    assert score(ended(*[Ending.APPROVED] * 5, age_days=5 * HALF_LIFE_DAYS)) < 0.3


def test_a_clock_that_was_set_back_gives_no_more_than_full_weight() -> None:
    assert score(ended(*[Ending.APPROVED] * 3, age_days=-400)) == score(ended(*[Ending.APPROVED] * 3))


def test_it_explains_itself() -> None:
    told = trust_in("coder", "edits", ended(*[Ending.APPROVED] * 11, Ending.REJECTED), NOW)
    assert told.words == "Trust: middling (0.70), of 12 edits of coder: 11 approved, 1 rejected"
    assert told.calls == 12
    assert trust_in("coder", "edits", [], NOW).words == "Trust: none yet, these are the first edits of coder"


@pytest.mark.parametrize(
    ("history", "proposed"),
    [
        (ended(*[Ending.APPROVED] * 12), "You approved 12 of 12 like this"),
        (ended(*[Ending.APPROVED] * 11), ""),
        (ended(*[Ending.APPROVED] * 30, Ending.REJECTED), ""),
        (ended(*[Ending.APPROVED] * 30, Ending.UNDONE), ""),
        (ended(*[Ending.APPROVED] * 30, Ending.EDITED), ""),
        (ended(*[Ending.APPROVED] * 30, Ending.FAILED), ""),
        ([Ended(Ending.APPROVED, NOW, automatic=True)] * 30, ""),
    ],
)
def test_a_rule_is_proposed_after_many_yeses_and_never_a_no(history: list[Ended], proposed: str) -> None:
    assert why_propose(history, least=12) == proposed
