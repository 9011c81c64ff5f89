import numpy as np
import pytest

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import mean_task_score, per_task_score
from sklearn_mtl.metrics._average import average_scores
from sklearn_mtl.metrics._read_truth import read_truth
from sklearn_mtl.tasks._read_y import read_columns

SCORES = {"task0": 0.2, "task1": 0.8, "task2": np.nan}


def truths():
    y = np.array([[0.5, 1.5, np.nan], [0.5, np.nan, np.nan], [2.5, np.nan, np.nan]])
    return read_truth(read_columns(y, "me"), [None] * 3, None, "me")


@pytest.mark.parametrize(
    ("average", "expected"),
    [
        ("macro", 0.5),
        ("weighted", (3 * 0.2 + 0.8) / 4),
        ("median", 0.5),
        ("min", 0.2),
        ({"task1": 2.0}, 0.8),
        ({"task0": 1, "task1": 3, "task2": 9}, (0.2 + 3 * 0.8) / 4),
        ([3, 1, 0], (3 * 0.2 + 0.8) / 4),
    ],
)
def test_tasks_without_a_score_are_left_out(average, expected):
    assert average_scores(SCORES, truths(), average, "me") == pytest.approx(expected)


def test_no_score_at_all_is_nan():
    scores = dict.fromkeys(SCORES, np.nan)
    assert np.isnan(average_scores(scores, truths(), "min", "me"))
    assert np.isnan(average_scores(SCORES, truths(), {"task2": 1.0}, "me"))


Y = np.column_stack([[0, 1, 1, 0], [0.5, 1.5, 2.5, 3.5]])
GIVEN = [np.array([0.1, 0.8, 0.7, 0.4]), Y[:, 1] + 0.1]


def test_errors_and_scores_are_not_averaged():
    metric = {"classification": "log_loss", "regression": "r2"}
    found = r"errors \('task0': 'log_loss'\) and scores \('task1': 'r2'\) cannot be"
    for average in ("macro", "weighted", "median", {"task0": 1, "task1": 2}):
        with pytest.raises(TaskError, match=found):
            mean_task_score(Y, GIVEN, metric=metric, average=average)
    one = mean_task_score(Y, GIVEN, metric=metric, average={"task1": 1.0})
    assert one == per_task_score(Y, GIVEN, metric=metric)["task1"]
    metric["classification"] = "neg_log_loss"
    both = per_task_score(Y, GIVEN, metric=metric)
    found = mean_task_score(Y, GIVEN, metric=metric)
    assert found == pytest.approx(np.mean(list(both.values())))


def test_the_smallest_error_is_not_the_worst():
    y = Y[:, [1, 1]]
    with pytest.raises(TaskError, match=r"the smallest error .* is the best"):
        mean_task_score(y, y + [1, 2], metric="mean_absolute_error", average="min")
    worst = mean_task_score(
        y, y + [1, 2], metric="neg_mean_absolute_error", average="min"
    )
    assert worst == pytest.approx(-2.0)


@pytest.mark.parametrize(
    ("average", "match"),
    [
        ("best", "unknown average 'best'; allowed are"),
        ({"d": 1}, r"average names unknown tasks \['d'\]"),
        ([1, 1], "average has 2 entries, but there are 3"),
        ([1, -1, 1], "finite and not negative"),
    ],
)
def test_wrong_averages_are_refused(average, match):
    with pytest.raises(TaskError, match=f"me: .*{match}"):
        average_scores(SCORES, truths(), average, "me")
