import warnings

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.comparison.results._rows import TaskRow
from sklearn_mtl.metrics import delta_m


def test_wins_ties_and_losses_are_beyond_noise_and_by_sign(comparison):
    counts = comparison.counts.set_index(["model", "against"])
    effects = [gain.effect for gain in comparison.gains[:3]]
    assert effects == ["helps", "no evidence", "hurts"]
    found = counts.loc[("net", "twin")]
    assert found[["win", "tie", "loss", "unknown"]].tolist() == [1, 1, 1, 0]
    assert found["higher"] + found["lower"] == 3
    assert set(counts.index) == {("net", "twin"), ("net", "automatically selected")}


def test_without_intervals_nothing_is_known_beyond_noise(make):
    counts = make(n_splits=1).counts
    assert counts["unknown"].tolist() == [3, 3]
    assert counts[["win", "tie", "loss"]].to_numpy().sum() == 0


ERRORS = [
    TaskRow("a", "regression", 0, 50, "neg_mean_squared_error"),
    TaskRow("b", "regression", 0, 50, "neg_mean_absolute_error"),
]


@pytest.mark.parametrize(
    ("against", "row"), [("twin", 3), ("automatically selected", 2)]
)
def test_delta_m_is_the_metric_of_the_mean_errors(make, against, row):
    comparison = make(tasks=ERRORS)
    comparison.measured.scores[:] = -np.abs(comparison.measured.scores) - 0.1
    comparison.measured.chosen[:] = 2
    errors = -comparison.measured.scores.mean(axis=1)
    found = comparison.delta_m(against=against)
    np.testing.assert_allclose(found, delta_m(errors[4], errors[row]))


def test_delta_m_of_scores_is_nan_and_names_the_tasks(comparison):
    with pytest.warns(UndefinedMetricWarning, match=r"digit.*ill.*hours"):
        assert np.isnan(comparison.delta_m())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "linear"}, "no shared model 'linear'"),
        (
            {"against": "dummy"},
            "against is 'dummy'; it must be 'twin' or 'automatically selected'",
        ),
    ],
)
def test_unknown_rows_are_refused(comparison, options, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=message):
            comparison.delta_m(**options)
