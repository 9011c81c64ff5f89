import warnings

import numpy as np
import pytest
from sklearn.metrics import median_absolute_error

from sklearn_mtl.exceptions import DifferentUnitsWarning
from sklearn_mtl.metrics import mean_task_score, per_task_score
from sklearn_mtl.metrics._registry import find_metric
from sklearn_mtl.metrics._units import label_spreads, score_units, share_unit

ERRORS = [
    "mean_absolute_error",
    "neg_mean_absolute_error",
    "mean_squared_error",
    "root_mean_squared_error",
    median_absolute_error,
]
WITHOUT_UNIT = [
    "r2",
    "skill",
    "auto",
    "explained_variance",
    "d2_absolute_error_score",
    "relative_root_mean_squared_error",
]


def draw(factor):
    """Return labels and predictions of euros and of kilograms."""
    rng = np.random.default_rng(0)
    y = rng.standard_normal((50, 2)) * [factor, 1.0]
    return y, y + 0.1 * rng.standard_normal((50, 2)) * [factor, 1.0]


def find(*names):
    return [find_metric(name, "me") for name in names]


@pytest.mark.parametrize("average", ["macro", "weighted", "median"])
@pytest.mark.parametrize("metric", ERRORS)
def test_means_of_errors_in_different_units_are_told(metric, average):
    with pytest.warns(
        DifferentUnitsWarning, match="labels of 'task0' is more than 10 times"
    ):
        mean_task_score(*draw(1e3), metric=metric, average=average)


@pytest.mark.parametrize("factor", [1e-9, 1e9])
@pytest.mark.parametrize("metric", WITHOUT_UNIT)
def test_means_without_a_unit_do_not_depend_on_it(metric, factor):
    expected = mean_task_score(*draw(1.0), metric=metric)
    assert mean_task_score(*draw(factor), metric=metric) == pytest.approx(expected)


def test_one_metric_of_similar_tasks_weights_and_single_tasks_are_not_told():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean_task_score(*draw(5.0), metric="mean_absolute_error")
        mean_task_score(*draw(1e3), metric="mean_absolute_error", average=[1e-3, 1.0])
        mean_task_score(*draw(1e3), metric="mean_absolute_error", average={"task0": 1})
        per_task_score(*draw(1e3), metric="mean_absolute_error")
        y, given = draw(1e3)
        mean_task_score(y[:, :1], given[:, :1], metric="mean_absolute_error")


def test_errors_with_and_without_a_unit_are_told():
    metric = {"task0": "neg_mean_absolute_error", "task1": "r2"}
    with pytest.warns(DifferentUnitsWarning, match="the metrics are different"):
        mean_task_score(*draw(1.0), metric=metric)


def test_skill_is_r2_and_d2_of_the_log_loss():
    rng = np.random.default_rng(0)
    y = np.column_stack([rng.integers(0, 2, 40), rng.standard_normal(40)])
    proba = np.column_stack([0.7 - 0.4 * y[:, 0], 0.3 + 0.4 * y[:, 0]])
    given = [proba, 0.5 * y[:, 1]]
    by_name = {"task0": "d2_log_loss_score", "task1": "r2"}
    found = per_task_score(y, given, metric="skill")
    assert found == per_task_score(y, given, metric=by_name)


def test_units_of_scores_are_deviations_or_their_squares():
    spreads = np.array([2.0, 50.0, 0.0])
    names = ["neg_mean_absolute_error", "neg_mean_squared_error", "roc_auc"]
    np.testing.assert_allclose(score_units(find(*names), spreads), [2.0, 2500.0, 1.0])
    alike = find("mean_absolute_error", "mean_absolute_error")
    np.testing.assert_array_equal(score_units(alike, np.array([1.0, 9.0])), [1.0, 1.0])
    assert share_unit(find("r2", "roc_auc"), np.array([1.0, 1e9]))
    assert not share_unit(find("r2", "mean_absolute_error"), np.array([1.0, 1.0]))


def test_spreads_leave_missing_labels_out_and_know_circles():
    codes = np.array([[1.0, 0.0, np.nan], [3.0, 350.0, np.nan], [np.nan, 10.0, np.nan]])
    found = label_spreads(codes, [None, 360.0, None])
    np.testing.assert_allclose(found, [1.0, 360.0 / np.sqrt(12.0), 0.0])
