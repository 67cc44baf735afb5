"""Search judged by queries whose answers are known."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codelab.core.errors import InputError
from codelab.core.positions import LineSpan
from codelab.index.searching.labelled import LabelledQuery, judge, load_labelled
from codelab.index.types import Hit

pytestmark = pytest.mark.req("INDEX-6")


def hit(path: str, first: int = 1, last: int = 10) -> Hit:
    return Hit(path, first, last, 1.0, "", "window", "")


def labelled(tmp_path: Path, data: object) -> Path:
    path = tmp_path / "set.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_the_figures_are_those_of_their_definitions(tmp_path: Path) -> None:
    queries = load_labelled(
        labelled(
            tmp_path,
            [
                {"query": "one", "relevant": ["a.py", {"path": "b.py", "start_line": 20, "end_line": 30}]},
                {"query": "two", "relevant": ["./c.py"], "secondary": [], "category": "symbol"},
                {"query": "gone", "relevant": ["gone.py"]},
            ],
        )
    )
    # The first place is found at rank 2, and again at rank 3; the second is missed by its lines.
    first = [hit("x.py"), hit("a.py"), hit("a.py", 40, 50), hit("b.py", 1, 19)]
    quality = judge(queries, [first, [], [hit("a.py")]], lambda path: path != "gone.py", k=4)
    assert (quality.k, quality.queries, quality.left_out) == (4, 2, 1)
    assert quality.precision == 0.25  # (2/4 + 0) / 2
    assert quality.recall == 0.25  # (1/2 + 0) / 2
    assert quality.mrr == 0.25  # (1/2 + 0) / 2
    assert quality.ndcg == pytest.approx(0.6309 / 1.6309 / 2, abs=1e-4)
    assert quality.mean_relevance == 0.25


def test_all_found_at_the_top_is_one_and_nothing_judged_is_none(tmp_path: Path) -> None:
    queries = load_labelled(labelled(tmp_path, [{"query": "one", "relevant": ["a.py"]}]))
    best = judge(queries, [[hit("a.py")]], lambda path: True, k=1)
    assert (best.precision, best.recall, best.mrr, best.ndcg, best.mean_relevance) == (1, 1, 1, 1, 1)
    assert judge(queries, [[hit("a.py")]], lambda path: False).queries == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "is no JSON"),
        ([], "holds no list of queries"),
        ({"query": "a"}, "holds no list of queries"),
        (["a"], "query 1 has no query"),
        ([{"query": " ", "relevant": ["a"]}], "query 1 has no query"),
        ([{"query": "a"}], "query 1 names no place"),
        ([{"query": "a", "relevant": "a.py"}], "relevant is no list"),
        ([{"query": "a", "relevant": [3]}], "3 is no place in a file"),
        ([{"query": "a", "relevant": [{"path": "a", "start_line": 9, "end_line": 2}]}], "is no place"),
    ],
)
def test_a_set_of_another_form_is_refused_in_words(tmp_path: Path, data: object, said: str) -> None:
    with pytest.raises(InputError) as refused:
        load_labelled(labelled(tmp_path, data))
    assert said in str(refused.value)


def test_a_set_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_labelled(tmp_path / "nothing.json")


PLACES = st.builds(
    lambda path, first, length: (path, first, first + length),
    st.sampled_from(("a.py", "b.py", "c.py")),
    st.integers(1, 30),
    st.integers(0, 12),
)


@given(st.lists(PLACES, min_size=1, max_size=6), st.lists(PLACES, max_size=14), st.integers(1, 12))
def test_ndcg_and_mrr_are_those_of_another_way_to_work_them_out(
    targets: list[tuple[str, int, int]], found: list[tuple[str, int, int]], k: int
) -> None:
    """Going down the list: a passage gains if it shares a line with a place that none before it did."""
    gain, first, left = 0.0, 0, list(targets)
    for rank, (path, start, end) in enumerate(found[:k], 1):
        met = [one for one in left if one[0] == path and one[1] <= end and start <= one[2]]
        left = [one for one in left if one not in met]
        gain += bool(met) / math.log2(rank + 1)
        first = first or rank * bool(met)
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(targets)) + 1))
    query = LabelledQuery("any", tuple(LineSpan(*one) for one in targets))
    quality = judge([query], [[hit(*one) for one in found]], lambda path: True, k)
    assert quality.ndcg == pytest.approx(gain / best, abs=1e-4)
    assert quality.mrr == pytest.approx(1 / first if first else 0.0, abs=1e-4)
