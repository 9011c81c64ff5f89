"""What predictions say about a task, and predictions that are no labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import r2_score, roc_auc_score

from sklearn_mtl.exceptions import TaskError, TaskTypeWarning
from sklearn_mtl.metrics import mean_task_score, per_task_score

WHOLE = np.arange(10) % 5 + 1.0
CLOSE = WHOLE + np.linspace(-0.3, 0.31, 10)


@pytest.mark.parametrize("whole", [WHOLE, WHOLE.astype(int), WHOLE.tolist()])
@pytest.mark.parametrize("close", [CLOSE, CLOSE[:, None], CLOSE.astype(object)])
def test_fractions_as_predictions_make_whole_numbers_a_regression(whole, close):
    expected = r2_score(WHOLE, CLOSE)
    assert per_task_score(whole, close)["task0"] == pytest.approx(expected)
    assert mean_task_score(whole, close) == pytest.approx(expected)
    assert per_task_score(whole, close, metric="skill")["task0"] == pytest.approx(
        expected
    )


def test_each_task_is_what_its_own_predictions_say():
    y = np.column_stack([WHOLE, WHOLE, WHOLE > 2])
    guess = np.column_stack([CLOSE, WHOLE, CLOSE])
    found = per_task_score(y, guess)
    assert found == pytest.approx(
        {
            "task0": r2_score(WHOLE, CLOSE),
            "task1": 1.0,  # of balanced accuracy
            "task2": roc_auc_score(WHOLE > 2, CLOSE),
        }
    )
    weighted = per_task_score(y, guess, metric={"regression": "mean_absolute_error"})
    assert weighted["task0"] == pytest.approx(np.abs(WHOLE - CLOSE).mean())


def test_few_fractions_and_a_missing_one_are_enough():
    guess = WHOLE.copy()
    guess[0] += 0.5
    assert per_task_score(WHOLE, guess)["task0"] == pytest.approx(
        r2_score(WHOLE, guess)
    )
    guess[1] = np.nan
    with pytest.warns(UndefinedMetricWarning, match="predictions are NaN"):
        assert np.isnan(per_task_score(WHOLE, guess)["task0"])


def test_predictions_settle_what_few_labels_leave_open():
    y = np.arange(21.0)  # twenty-one whole numbers alone would warn
    # R2: the error 0.25 ** 2 over the variance (n ** 2 - 1) / 12 of n numbers in a row
    expected = 1 - 0.25**2 / ((21**2 - 1) / 12)
    assert per_task_score(y, y + 0.25) == {"task0": pytest.approx(expected)}


@pytest.mark.parametrize(
    "y", [[0, 1, 1, 0], [-1, 1, 1, -1], [False, True, True, False]]
)
@pytest.mark.parametrize("guess", [[0.2, 0.7, 0.6, 0.4], [-2.5, 1.5, 0.7, -0.1]])
def test_fractions_rank_the_second_of_two_classes(y, guess):
    assert per_task_score(np.array(y), np.array(guess)) == {"task0": 1.0}


def test_two_other_values_and_scores_of_any_size_are_doubtful():
    y, guess = np.array([3, 5, 5, 3]), np.array([3.2, 4.9, 4.7, 3.1])
    with pytest.warns(TaskTypeWarning, match=r"labels \[3, 5\] and the predictions"):
        assert per_task_score(y, guess) == {"task0": 1.0}
    found = per_task_score(y, guess, task_types="regression")
    assert found["task0"] == pytest.approx(r2_score(y, guess))
    assert per_task_score(y, guess / 5, task_types="classification") == {"task0": 1.0}
    assert per_task_score(y, guess / 5) == {"task0": 1.0}  # as probabilities


def test_one_value_is_a_regression_of_its_fractions():
    found = per_task_score(
        [5, 5, 5], [4.5, 5.0, 5.5], metric={"regression": "mean_absolute_error"}
    )
    assert found == {"task0": pytest.approx(1 / 3)}


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "f1"])
@pytest.mark.parametrize("y", [WHOLE, WHOLE > 2], ids=["five", "two"])
def test_metrics_of_labels_refuse_fractions(metric, y):
    message = r"per_task_score: task 'task0' has predictions that are not labels, such"
    with pytest.raises(TaskError, match=message):
        per_task_score(y.astype(float), CLOSE, metric=metric)
    with pytest.raises(TaskError, match="Use labels or an array"):
        per_task_score(
            pd.Series(y, name="a"), CLOSE, task_types="classification", metric=metric
        )


def test_classes_that_are_given_are_classes():
    with pytest.raises(TaskError, match="predictions that are not labels"):
        per_task_score(WHOLE, CLOSE, classes=[1.0, 2.0, 3.0, 4.0, 5.0])


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "auto"])
def test_text_and_numbers_are_never_compared(metric):
    y = np.array([0, 1, 1, 2])
    numbers = r"task 'task0' has numbers as labels in y_true, such as \[0, 1, 2\], but"
    with pytest.raises(TaskError, match=numbers):
        per_task_score(y, y.astype(str), metric=metric)
    with pytest.raises(
        TaskError, match=r"has strings as labels in y_true.* but numbers in"
    ):
        per_task_score(y.astype(str), y, metric=metric)
    assert per_task_score(y.astype(str), y.astype(str), metric=metric) == {"task0": 1.0}


def test_text_is_no_value_of_a_regression():
    with pytest.raises(
        TaskError, match="task 'task0' is a regression task, but y_pred has strings"
    ):
        per_task_score([1.5, 2.5], ["1.5", "2.5"])


@pytest.mark.parametrize(
    ("y", "guess"),
    [
        ([0, 1, 1, 0], [np.nan, 1, 1, 0]),
        ([0, 1, 1, 0], np.ma.masked_array([0, 1, 1, 0], [1, 0, 0, 0])),
        ([0, 1, 1, 0], pd.array([None, 1, 1, 0], dtype="Int64")),
        (["a", "b", "b", "a"], [None, "b", "b", "a"]),
        (["a", "b", "b", "a"], np.array([np.nan, "b", "b", "a"], dtype=object)),
        ([0, 1, 1, 0], [np.array([[np.nan, np.nan], [0, 1], [0, 1], [1, 0]])]),
    ],
    ids=["NaN", "masked", "NA", "None", "object", "probabilities"],
)
@pytest.mark.parametrize("metric", ["accuracy", "f1", "zero_one_loss"])
def test_a_missing_prediction_of_a_class_leaves_no_score(y, guess, metric):
    with pytest.warns(UndefinedMetricWarning, match="predictions are NaN: .'task0'"):
        assert np.isnan(per_task_score(y, guess, metric=metric)["task0"])


def test_a_missing_prediction_of_a_missing_label_is_none():
    found = per_task_score([np.nan, 1, 1, 0], [np.nan, 1, 1, 0], metric="accuracy")
    assert found == {"task0": 1.0}


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss"])
def test_a_missing_probability_leaves_no_score(metric):
    with pytest.warns(UndefinedMetricWarning, match="predictions are NaN"):
        found = per_task_score([0, 1, 1], [np.nan, 0.5, 0.6], metric=metric)
    assert np.isnan(found["task0"])
