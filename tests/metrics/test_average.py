import numpy as np
import pytest

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._average import average_scores
from sklearn_mtl.metrics._truth import read_truth
from sklearn_mtl.utils._columns import read_columns

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


@pytest.mark.parametrize(
    ("average", "match"),
    [
        ("best", "unknown average 'best'; allowed are"),
        ({"d": 1}, r"average names unknown tasks \['d'\]"),
        ([1, 1], "average has 2 entries for 3 tasks"),
        ([1, -1, 1], "must not be negative"),
    ],
)
def test_wrong_averages_are_refused(average, match):
    with pytest.raises(TaskError, match=f"me: .*{match}"):
        average_scores(SCORES, truths(), average, "me")
