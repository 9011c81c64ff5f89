import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import delta_m


def test_it_is_the_mean_relative_reduction_of_errors():
    assert delta_m([0.5, 3.0], [1.0, 2.0]) == pytest.approx((0.5 - 0.5) / 2)
    assert delta_m({"b": 1.0, "a": 0.8}, {"a": 1.0, "b": 1.0}) == pytest.approx(0.1)


def test_scaling_the_errors_of_a_task_changes_nothing():
    multi, single = np.array([0.7, 2.0, 5.0]), np.array([1.0, 1.9, 6.0])
    scale = np.array([1, 100, 0.01])
    assert delta_m(multi * scale, single * scale) == pytest.approx(
        delta_m(multi, single)
    )


def test_negated_errors_are_turned_back():
    multi, single = {"a": 0.7, "b": 2.0}, {"a": 1.0, "b": 1.9}
    negated = [{name: -v for name, v in one.items()} for one in (multi, single)]
    assert delta_m(*negated, metric="neg_log_loss") == pytest.approx(
        delta_m(multi, single, metric="log_loss")
    )


@pytest.mark.parametrize("metric", ["auto", "roc_auc", {"a": "r2", "b": "log_loss"}])
def test_scores_have_no_relative_reduction_and_are_named(metric):
    with pytest.warns(UndefinedMetricWarning, match=r"metric is a score.*\['a'"):
        assert np.isnan(
            delta_m({"a": 0.9, "b": 0.8}, {"a": 0.8, "b": 0.7}, metric=metric)
        )


def test_tasks_without_value_or_with_no_error_are_named():
    multi = {"a": np.nan, "b": 0.5, "c": 1.0}
    single = {"a": 1.0, "b": 0.0, "c": 2.0}
    match = r"without a value: \['a'\]; with a single-task error of 0: \['b'\]"
    with pytest.warns(UndefinedMetricWarning, match=match):
        assert np.isnan(delta_m(multi, single))


@pytest.mark.parametrize(
    ("multi", "single", "metric", "match"),
    [
        ({"a": 1.0}, {"b": 1.0}, None, r"multi has the tasks \['a'\], but single has"),
        ({"a": 1.0}, [1.0], None, "must both be dicts, or both arrays"),
        ([1.0, 2.0], [1.0], None, r"shape \(2,\) and single has shape \(1,\)"),
        ([], [], None, "at least one task"),
        ([-1.0], [1.0], None, r"errors of tasks \['task0'\] are negative"),
        ([1.0], [1.0], "auc", "unknown metric 'auc'"),
        ([1.0], [1.0], max, "metric must be a name"),
    ],
)
def test_wrong_arguments_are_refused(multi, single, metric, match):
    with pytest.raises(TaskError, match=f"delta_m: .*{match}"):
        delta_m(multi, single, metric=metric)
