"""The graded metric, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import ndcg_score

from sklearn_mtl.metrics import ndcg_at_k


def labels_and_ranking(seed=0, n_queries=15, n_items=30):
    rng = np.random.default_rng(seed)
    y_query = rng.integers(0, 3, (n_queries, 4))
    y_gallery = rng.integers(0, 3, (n_items, 4))
    ranking = np.argsort(rng.random((n_queries, n_items)), axis=1)
    return y_query, y_gallery, ranking


@pytest.mark.parametrize("k", [1, 7, 30, 50])
def test_it_is_scikit_learns_with_the_number_of_agreeing_tasks_as_gain(k):
    y_query, y_gallery, ranking = labels_and_ranking()
    gains = (y_query[:, None] == y_gallery[None]).sum(axis=2)
    scores = -np.argsort(ranking, axis=1)
    assert ndcg_at_k(y_query, y_gallery, ranking, k=k) == pytest.approx(
        ndcg_score(gains, scores, k=k)
    )


def test_the_query_itself_is_neither_ranked_nor_in_the_best_ranking():
    _, y, _ = labels_and_ranking()
    ranking = np.stack([np.random.default_rng(q).permutation(30) for q in range(30)])
    gains = (y[:, None] == y[None]).sum(axis=2)
    values = ndcg_at_k(y, y, ranking, k=5, query_index=np.arange(30), average=None)
    for q in range(30):
        others = np.delete(np.arange(30), q)
        scores = -np.argsort(ranking[q])[others]
        theirs = ndcg_score(gains[q : q + 1, others], scores[None], k=5)
        assert values[q] == pytest.approx(theirs)


def test_the_best_ranking_has_one():
    y_query, y_gallery, _ = labels_and_ranking()
    gains = (y_query[:, None] == y_gallery[None]).sum(axis=2)
    best = np.argsort(-gains, axis=1)
    np.testing.assert_allclose(
        ndcg_at_k(y_query, y_gallery, best, k=9, average=None), 1.0
    )


def test_where_labels_are_missing_the_gain_is_the_share_of_what_can_agree():
    nan = np.nan
    y_gallery = [[0, 5], [nan, 5], [nan, nan], [1, 6]]
    # gains 1/2 (of both), 1 (of the one it has), dropped, 0
    value = ndcg_at_k([[1, 5]], y_gallery, [[2, 0, 1, 3]], k=2)
    log3 = 1 / np.log2(3)
    # of the items, 0 agrees in one of two tasks, 1 in one of one, 3 in one of two
    assert value == pytest.approx((0.5 + 1.0 * log3) / (1.0 + 0.5 * log3))


def test_many_kinds_of_labels_are_looked_at_block_by_block(monkeypatch):
    y_query, y_gallery, ranking = labels_and_ranking()
    whole = ndcg_at_k(y_query, y_gallery, ranking, k=6)
    monkeypatch.setattr("sklearn_mtl.metrics._ndcg._BLOCK_SIZE", 50)
    assert ndcg_at_k(y_query, y_gallery, ranking, k=6) == whole


def test_queries_that_nothing_agrees_with_are_nan_with_a_count():
    y_query = [[0, 0], [9, 9], [np.nan, np.nan]]
    y_gallery = [[0, 1], [1, 0]]
    match = "2 of 3 queries have no value: 1 have no label, and 1 have no"
    with pytest.warns(UndefinedMetricWarning, match=match):
        values = ndcg_at_k(y_query, y_gallery, [[0, 1]] * 3, k=2, average=None)
    np.testing.assert_array_equal(values, [1, np.nan, np.nan])


def test_a_ranking_that_is_too_short_is_refused():
    y_query, y_gallery, ranking = labels_and_ranking()
    with pytest.raises(ValueError, match="15 of 15 queries are too short"):
        ndcg_at_k(y_query, y_gallery, ranking[:, :4], k=5)
    with pytest.raises(ValueError, match="k must be an integer of at least 1; got"):
        ndcg_at_k(y_query, y_gallery, ranking, k=None)
