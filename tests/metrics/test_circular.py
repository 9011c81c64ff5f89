from functools import partial

import numpy as np
import pytest

from sklearn_mtl.metrics import circular_error, circular_score, per_task_score

HOURS = {"period": 24}


def test_the_error_is_the_weighted_mean_of_the_shorter_ways():
    y, given = [23, 12, 6], [1, 0, 6.5]
    assert circular_error(y, given, **HOURS) == pytest.approx((2 + 12 + 0.5) / 3)
    weighted = circular_error(y, given, sample_weight=[1, 0, 3], **HOURS)
    assert weighted == pytest.approx((2 + 1.5) / 4)
    assert circular_error(y, np.add(given, 48), **HOURS) == pytest.approx(14.5 / 3)


def test_chance_is_a_quarter_of_the_period_and_no_score():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0, 24, (2, 20_000))
    assert circular_error(a, b, **HOURS) == pytest.approx(6, abs=0.1)
    assert circular_score(a, b, **HOURS) == pytest.approx(-1, abs=0.05)
    assert circular_score(a, a - 24, **HOURS) == pytest.approx(1)


def test_the_score_is_r2_of_points():
    rng = np.random.default_rng(0)
    y = rng.normal(0, 1, 50) % 24
    given = y + rng.normal(0, 0.5, 50)
    u, v = (np.exp(2j * np.pi * values / 24) for values in (y, given))
    expected = 1 - (abs(u - v) ** 2).sum() / (abs(u - u.mean()) ** 2).sum()
    assert circular_score(y, given, **HOURS) == pytest.approx(expected)


def test_a_task_is_scored_by_it():
    y = np.column_stack([[23.5, 1.5, np.nan, 4.5], [0.1, 0.2, 0.3, 0.45]])
    given = np.column_stack([[0.5, 0.5, 9.0, 4.5], [0.1, 0.2, 0.3, 0.45]])
    error = partial(circular_error, **HOURS)
    scores = per_task_score(
        y, given, metric={"task0": error, "task1": "r2"}, task_types="regression"
    )
    assert scores == {"task0": pytest.approx(2 / 3), "task1": 1.0}


@pytest.mark.parametrize("metric", [circular_error, circular_score])
def test_wrong_arguments_are_explained(metric):
    with pytest.raises(ValueError, match="period must be positive; got 0"):
        metric([1.0], [1.0], period=0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        metric([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="all 1 labels of y_true are missing"):
        metric([np.nan], [1.0])
    with pytest.raises(ValueError, match="y_pred is NaN for samples with a label"):
        metric([1.0, np.nan], [np.nan, 1.0])


@pytest.mark.parametrize("metric", [circular_error, circular_score])
def test_missing_labels_are_left_out(metric):
    truth, given, weights = [1.0, 9.0, 2.0, 3.5], [1.5, 0.0, 2.0, 3.0], [1.0, 5.0, 2, 1]
    expected = metric(truth[::2], given[::2], sample_weight=weights[::2])
    gaps = [1.0, np.nan, 2.0, np.nan]
    assert metric(gaps, given, sample_weight=weights) == expected
    masked = np.ma.masked_array(truth, mask=[0, 1, 0, 1])
    assert metric(masked, [1.5, np.nan, 2.0, 3.0], sample_weight=weights) == expected
