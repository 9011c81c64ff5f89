"""Metrics of rankings, by hand, against scikit-learn, and at their edges."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import average_precision_score

from sklearn_mtl import metrics
from sklearn_mtl.exceptions import TaskError
from tests.metrics.rankings import BY_HAND, hits_of, random_ranking

NAMES = list(BY_HAND)


def score(name, *args, k=5, **kwargs):
    metric = getattr(metrics, name)
    if "k" in inspect.signature(metric).parameters:
        kwargs["k"] = k
    return metric(*args, **kwargs)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("precision_at_k", 2 / 3),
        ("hit_rate_at_k", 1.0),
        ("recall_at_k", 2 / 4),
        ("r_precision", 2 / 4),
        ("map_at_r", (1 / 1 + 2 / 3) / 4),
        ("average_precision_at_k", (1 / 1 + 2 / 3) / 3),
    ],
)
def test_a_list_by_hand(name, expected):
    y_gallery = ["a", "b", "a", "b", "a", "a"]
    value = score(name, ["a"], y_gallery, [[0, 1, 2, 3, 4, 5]], k=3)
    assert value == pytest.approx(expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("k", [1, 5, 40])
def test_it_is_what_the_formula_says_query_by_query(name, missing, k):
    y_query, y_gallery, ranking = random_ranking(
        np.random.default_rng(k), missing=missing
    )
    own = np.arange(len(y_query))
    y_query[:] = np.where(np.isnan(y_gallery[own]), y_query, y_gallery[own])
    values = score(
        name, y_query, y_gallery, ranking, k=k, query_index=own, average=None
    )
    expected = [
        BY_HAND[name](*hits_of(y_query[q], y_gallery, ranking[q], own[q]), k)
        for q in own
    ]
    np.testing.assert_allclose(values, expected)
    mean = score(name, y_query, y_gallery, ranking, k=k, query_index=own)
    assert mean == pytest.approx(np.mean(expected))


def test_over_the_whole_ranking_it_is_scikit_learns_average_precision():
    y_query, y_gallery, ranking = random_ranking(np.random.default_rng(0))
    ours = metrics.average_precision_at_k(
        y_query, y_gallery, ranking, k=40, normalize="relevant", average=None
    )
    for q, label in enumerate(y_query):
        theirs = average_precision_score(y_gallery[ranking[q]] == label, -np.arange(40))
        assert ours[q] == pytest.approx(theirs)


def test_the_denominator_of_average_precision_is_chosen_by_name():
    y_gallery, ranking = [1, 0, 1, 1, 1, 1], [[0, 1, 2, 3, 4, 5]]
    values = {
        by: metrics.average_precision_at_k([1], y_gallery, ranking, k=2, normalize=by)
        for by in ("min", "relevant", "hits")
    }
    assert values == pytest.approx({"min": 1 / 2, "relevant": 1 / 5, "hits": 1.0})
    no_hit = metrics.average_precision_at_k(
        [0], y_gallery, ranking, k=1, normalize="hits"
    )
    assert no_hit == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_itself_is_excluded_by_position_and_not_by_rank(name):
    y = np.zeros(6, int)
    y[3:] = 1
    # duplicates: another item comes before the query itself
    ranking = np.array([[1, 0, 2, 3, 4, 5]])
    without = np.array([[1, 2, 3, 4, 5]])
    value = score(name, y[:1], y, ranking, k=3, query_index=[0])
    expected = score(name, y[:1], y[1:], without - 1, k=3)
    assert value == expected


@pytest.mark.parametrize("name", NAMES)
def test_items_without_a_label_are_dropped_and_the_next_move_up(name):
    y_query, y_gallery, ranking = random_ranking(np.random.default_rng(1), missing=0.4)
    labelled = np.flatnonzero(~np.isnan(y_gallery))
    renumber = np.full(len(y_gallery), -1)
    renumber[labelled] = np.arange(len(labelled))
    compressed = np.stack([renumber[row][renumber[row] >= 0] for row in ranking])
    assert score(name, y_query, y_gallery, ranking) == pytest.approx(
        score(name, y_query, y_gallery[labelled], compressed)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_permuted_gallery_changes_nothing(name):
    rng = np.random.default_rng(2)
    y_query, y_gallery, ranking = random_ranking(rng)
    order = rng.permutation(len(y_gallery))
    place = np.argsort(order)
    assert score(name, y_query, y_gallery[order], place[ranking]) == pytest.approx(
        score(name, y_query, y_gallery, ranking)
    )


@pytest.mark.parametrize("name", NAMES)
def test_queries_without_a_relevant_item_are_nan_with_a_count(name):
    args = [0, 7, np.nan], [0, 0, 1, 1], [[0, 1, 2, 3]] * 3
    match = rf"{name}: task 'task0': 2 of 3 queries .* 1 have no label, and 1 have"
    with pytest.warns(UndefinedMetricWarning, match=match):
        values = score(name, *args, k=2, average=None)
    np.testing.assert_array_equal(np.isnan(values), [False, True, True])
    with pytest.warns(UndefinedMetricWarning, match=match):
        assert score(name, *args, k=2) == values[0] == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_it_is_nan_if_nothing_is_relevant_and_one_if_everything_is(name):
    with pytest.warns(UndefinedMetricWarning, match="2 of 2"):
        assert np.isnan(score(name, [5, 6], [0, 1], [[0, 1], [1, 0]], k=2))
    assert score(name, [1, 1], [1, 1, 1], [[0, 1, 2], [2, 1, 0]], k=3) == 1.0


def test_precision_beyond_the_gallery_is_still_divided_by_k():
    assert metrics.precision_at_k([1], [1, 1], [[0, 1]], k=10) == 0.2
    assert metrics.recall_at_k([1], [1, 1], [[0, 1]], k=10) == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_a_ranking_that_is_too_short_is_refused(name):
    y_gallery = [0, np.nan, 0, 0, 1]
    with pytest.raises(ValueError, match=f"{name}: .* of 1 of 1 queries are too short"):
        score(name, [0], y_gallery, [[0, 1]], k=2)


@pytest.mark.parametrize("name", NAMES)
def test_places_where_nothing_was_found_do_not_count(name):
    padded = [[-1, 0, -1, 1, 2, 3]]
    assert score(name, [0], [0, 1, 0, 1], padded, k=3) == score(
        name, [0], [0, 1, 0, 1], [[0, 1, 2, 3]], k=3
    )


@pytest.mark.parametrize("name", NAMES)
def test_rankings_may_come_in_blocks(name):
    y_query, y_gallery, ranking = random_ranking(np.random.default_rng(3))
    blocks = (ranking[start : start + 7] for start in range(0, 20, 7))
    expected = score(name, y_query, y_gallery, ranking)
    assert score(name, y_query, y_gallery, blocks) == expected
    assert score(name, y_query, y_gallery, np.split(ranking, [7, 14])) == expected


def test_labels_may_be_a_column_of_strings_or_nullable():
    frame = pd.DataFrame({"kind": pd.array(["a", None, "b"], dtype="string")})
    value = metrics.precision_at_k(frame[:1], frame, [[0, 1, 2]], k=2)
    assert value == 0.5


@pytest.mark.parametrize(
    ("y_query", "y_gallery", "neighbors", "error", "match"),
    [
        ([[0, 1]], [[0, 1]], [[0]], TaskError, r"tasks \['task0', 'task1'\], but"),
        ([0], [[0, 1]], [[0]], TaskError, "they must be the same"),
        ([0.5], [0.5], [[0]], TaskError, "task 'task0' has fractional labels"),
        (["a"], [1], [[0]], TaskError, r"types \['number', 'text'\]"),
        ([0], [0], [[1]], ValueError, "values from 1 to 1; allowed are .* 0 to 0"),
        ([0], [0], [0], ValueError, r"got shape \(1,\)"),
        ([0], [0], [[0.0]], ValueError, "dtype float64"),
        ([0], [0, 0], [[-1, 1, -1, 1]], ValueError, "an item twice, such as 1; "),
        ([0, 0], [0], [[0]], ValueError, "1 rows, but y_query has 2"),
        ([0], [0], [[0], [0]], ValueError, "2 rows, but y_query has 1"),
    ],
)
def test_wrong_labels_and_rankings_are_refused(
    y_query, y_gallery, neighbors, error, match
):
    with pytest.raises(error, match=f"precision_at_k: .*{match}"):
        metrics.precision_at_k(y_query, y_gallery, neighbors, k=1)


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"k": 0}, "k must be an integer of at least 1; got 0"),
        ({"k": 1.5}, "got 1.5"),
        ({"k": None}, "got None"),
        ({"k": 1, "average": "micro"}, "average must be 'mean' or None"),
        ({"k": 1, "normalize": "R"}, r"one of \['min', 'relevant', 'hits'\]"),
        ({"k": 1, "query_index": [0, 1]}, "must be 1 integers"),
        ({"k": 1, "query_index": [1]}, "values from 1 to 1"),
    ],
)
def test_wrong_parameters_are_refused(parameters, match):
    with pytest.raises(ValueError, match=f"average_precision_at_k: .*{match}"):
        metrics.average_precision_at_k([0], [0], [[0]], **parameters)


@pytest.mark.parametrize(
    "name", ["precision_at_k", "hit_rate_at_k", "recall_at_k", "average_precision_at_k"]
)
def test_a_depth_is_needed(name):
    with pytest.raises(ValueError, match=f"{name}: k must be an integer of at least 1"):
        getattr(metrics, name)([0], [0], [[0]], k=None)
