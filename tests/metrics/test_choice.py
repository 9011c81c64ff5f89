from dataclasses import dataclass

import numpy as np
import pytest

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import (
    circular_error,
    circular_score,
    mean_task_score,
    per_task_score,
)
from sklearn_mtl.metrics._choice import metrics_of_tasks

RNG = np.random.default_rng(0)
HOURS = RNG.uniform(0, 24, size=(60, 2))
GIVEN = (HOURS + RNG.normal(0, 1, size=HOURS.shape)) % 24
WEIGHTS = RNG.uniform(size=60)


@dataclass
class Named:
    name: str
    kind: str = "regression"
    classes: None = None


def score(metric, periods=24, **arguments):
    return per_task_score(HOURS, GIVEN, metric=metric, periods=periods, **arguments)[
        "task0"
    ]


def test_errors_are_of_the_shorter_way_round():
    error = circular_error(HOURS[:, 0], GIVEN[:, 0], period=24)
    assert score("mean_absolute_error") == pytest.approx(error)
    assert score("neg_mean_absolute_error") == pytest.approx(-error)
    away = np.abs(HOURS - GIVEN)[:, 0]
    squared = np.minimum(away, 24 - away) ** 2
    assert score("mean_squared_error") == pytest.approx(squared.mean())
    assert score("root_mean_squared_error") == pytest.approx(squared.mean() ** 0.5)
    weighted = score("mean_squared_error", sample_weight=WEIGHTS)
    assert weighted == pytest.approx(np.average(squared, weights=WEIGHTS))


@pytest.mark.parametrize("metric", ["r2", "auto"])
def test_r2_is_that_of_points_on_the_circle(metric):
    expected = circular_score(
        HOURS[:, 0], GIVEN[:, 0], period=24, sample_weight=WEIGHTS
    )
    found = score(metric, sample_weight=WEIGHTS)
    assert found == pytest.approx(expected)
    assert score(metric, None, sample_weight=WEIGHTS) < expected - 0.1


def test_full_turns_make_no_difference():
    for metric in ("r2", "mean_absolute_error"):
        far = per_task_score(HOURS, GIVEN - 240, metric=metric, periods=24)
        assert far["task0"] == pytest.approx(score(metric))


@pytest.mark.parametrize("periods", [{"task0": 24}, [24, None], (24.0, None)])
def test_periods_may_be_those_of_some_tasks(periods):
    scores = per_task_score(HOURS, GIVEN, metric="r2", periods=periods)
    assert scores["task0"] == score("r2")
    assert scores["task1"] == per_task_score(HOURS, GIVEN, metric="r2")["task1"]
    assert mean_task_score(HOURS, GIVEN, metric="r2", periods=periods) == pytest.approx(
        np.mean(list(scores.values()))
    )


def test_a_users_function_stays_as_it_is():
    found = metrics_of_tasks(max, [Named("hour")], 24, "me")
    assert found[0].function is max


def test_one_label_has_an_error_and_no_r2():
    tasks = [Named("hour")] * 2
    y, given, w = np.array([23.0]), np.array([1.0]), np.ones(1)
    metrics = metrics_of_tasks("r2", tasks[:1], 24, "me")
    assert np.isnan(metrics[0].function(y, given, w))
    metrics = metrics_of_tasks("mean_absolute_error", tasks[:1], 24, "me")
    assert metrics[0].function(y, given, w) == 2


@pytest.mark.parametrize("period", [0, -24.0, np.nan, "day"])
def test_a_period_is_a_positive_number(period):
    with pytest.raises(
        TaskError, match=r"me: the period of task 'hour' must be a positive"
    ):
        metrics_of_tasks("r2", [Named("hour")], {"hour": period}, "me")


def test_what_has_no_meaning_on_a_circle_is_refused():
    with pytest.raises(TaskError, match="'explained_variance' does not support"):
        metrics_of_tasks("explained_variance", [Named("a")], 24, "me")
    with pytest.raises(
        TaskError, match="task 'a' is a binary task, but has the period 24"
    ):
        metrics_of_tasks("auto", [Named("a", "binary")], {"a": 24}, "me")
    with pytest.raises(TaskError, match="me: periods names unknown tasks"):
        metrics_of_tasks("auto", [Named("a")], {"b": 24}, "me")
