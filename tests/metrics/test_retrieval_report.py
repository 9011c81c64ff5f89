"""The report has what the single functions say, for every task."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl import metrics
from sklearn_mtl.metrics import retrieval_report
from sklearn_mtl.metrics._retrieval_report import retrieval_depth
from tests.metrics.rankings import random_ranking


def two_tasks(missing=0.2):
    rng = np.random.default_rng(0)
    y_query, y_gallery, ranking = random_ranking(rng, missing=missing)
    other = random_ranking(rng, n_classes=2)
    columns = ["colour", "size"]
    return (
        pd.DataFrame(np.column_stack([y_query, other[0]]), columns=columns),
        pd.DataFrame(np.column_stack([y_gallery, other[1]]), columns=columns),
        ranking,
    )


def test_it_has_the_values_of_the_functions_for_every_task():
    y_query, y_gallery, ranking = two_tasks()
    report = retrieval_report(y_query, y_gallery, ranking, k=3)
    assert list(report) == ["colour", "size"]
    for task, found in report.items():
        args = y_query[task], y_gallery[task], ranking
        assert found["precision_at_1"] == metrics.precision_at_k(*args, k=1)
        assert found["precision_at_3"] == metrics.precision_at_k(*args, k=3)
        assert found["hit_rate_at_3"] == metrics.hit_rate_at_k(*args, k=3)
        assert found["recall_at_3"] == metrics.recall_at_k(*args, k=3)
        assert found["average_precision_at_3"] == metrics.average_precision_at_k(
            *args, k=3
        )
        assert found["r_precision"] == metrics.r_precision(*args)
        assert found["map_at_r"] == metrics.map_at_r(*args)
    assert pd.DataFrame(report).T.shape == (2, 10)


def test_queries_without_value_are_counted_and_in_no_mean():
    y_gallery = [[0, 0], [0, 1], [1, 1]]
    y_query = [[0, 0], [np.nan, 1], [7, np.nan]]
    report = retrieval_report(y_query, y_gallery, [[0, 1, 2]] * 3, k=1)
    counts = ["n_queries", "n_unlabelled", "n_without_relevant"]
    assert [report["task0"][name] for name in counts] == [3, 1, 1]
    assert [report["task1"][name] for name in counts] == [3, 1, 0]
    assert report["task0"]["precision_at_1"] == 1.0
    assert report["task1"]["precision_at_1"] == 0.5


def test_what_the_rankings_are_too_short_for_is_nan_and_named():
    y_query, y_gallery, ranking = two_tasks(missing=0.0)
    match = r"\['map_at_r', 'r_precision'\] are NaN: the rankings of up to \d+ of 20"
    with pytest.warns(UndefinedMetricWarning, match=match):
        report = retrieval_report(y_query, y_gallery, ranking[:, :5], k=5)
    whole = retrieval_report(y_query, y_gallery, ranking, k=5)
    for task in report:
        assert np.isnan(report[task]["map_at_r"])
        assert report[task]["recall_at_5"] == whole[task]["recall_at_5"]


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("own", [None, np.arange(20)])
def test_rankings_of_the_depth_that_is_told_are_enough(missing, own):
    y_query, y_gallery, ranking = two_tasks(missing)
    depth = retrieval_depth(y_query, y_gallery, 3, own)
    assert depth <= 40
    cut = retrieval_report(y_query, y_gallery, ranking[:, :depth], k=3, query_index=own)
    assert cut == retrieval_report(y_query, y_gallery, ranking, k=3, query_index=own)


def test_the_names_of_either_side_are_used():
    y_query, y_gallery, ranking = two_tasks(missing=0.0)
    for y, z in ((y_query, y_gallery.to_numpy()), (y_query.to_numpy(), y_gallery)):
        assert list(retrieval_report(y, z, ranking)) == ["colour", "size"]
