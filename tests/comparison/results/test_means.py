"""Means over tasks that lack scores in some splits: one rule for all that is said."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import Ridge

from sklearn_mtl.comparison import compare, corrected_interval
from sklearn_mtl.comparison.results._gains import MEAN, TWIN
from sklearn_mtl.comparison.results._means import mean_interval
from sklearn_mtl.comparison.run._curve import LearningCurve
from sklearn_mtl.metrics import tasks_in_means
from tests.comparison.conftest import make_comparison

NAN = float("nan")


@st.composite
def masked(draw):
    """Return a comparison in which tasks lack scores in some splits."""
    n_splits = draw(st.integers(2, 6))
    made = make_comparison(n_splits=n_splits, spread=draw(st.sampled_from([0.01, 0.2])))
    row = st.lists(st.booleans(), min_size=3, max_size=3)
    rows = draw(st.lists(row, min_size=n_splits, max_size=n_splits))
    made.measured.scores[:, np.array(rows)] = NAN
    return made


@given(masked())
def test_differences_are_those_of_the_scores_that_are_printed(made):
    found = made.recommendation
    if found is None:
        assert np.isnan(made.measured.scores).all()
        return
    for name, gain in found.differences.items():
        printed = found.scores[found.best] - found.scores[name]
        np.testing.assert_allclose(gain.interval.mean, printed, atol=1e-12)
        np.testing.assert_allclose(gain.adjusted.mean, printed, atol=1e-12)
        assert found.scores[name] == pytest.approx(made.table.loc[name, MEAN])
    behind = [found.differences[name].interval.mean for name in found.differences]
    assert all(one <= other + 1e-12 for one, other in pairwise([0.0, *behind]))


@given(masked())
def test_gains_are_differences_of_the_mean_scores_in_the_table(made):
    for gain in made.gains:
        if gain.task == MEAN and gain.against != TWIN:
            table = made.table[MEAN]
            expected = table[gain.model] - table[gain.against]
            np.testing.assert_allclose(gain.interval.mean, expected, atol=1e-12)


@given(masked())
def test_a_learning_curve_with_all_labels_has_the_means_of_the_table(made):
    scores = made.measured.scores
    n_labels = made.measured.n_train[None]
    made.curve = LearningCurve(np.ones(1), n_labels, scores[:, None])
    (row,) = made.learning_curve.query("task == 'mean'").itertuples()
    (gain,) = [g for g in made.gains if (g.against, g.task) == (TWIN, MEAN)]
    np.testing.assert_allclose(row.score, made.table.loc["net", MEAN])
    np.testing.assert_allclose(row.score - row.twin, row.gain, atol=1e-12)
    found = gain.interval.mean, gain.interval.low, gain.interval.high
    np.testing.assert_allclose((row.gain, row.low, row.high), found, atol=1e-9)


def test_complete_scores_have_the_interval_of_the_means_of_the_splits():
    d = np.random.default_rng(0).standard_normal((5, 3))
    expected = corrected_interval(d.mean(axis=1), 0.25)
    assert mean_interval(d, 0.25, confidence=0.95) == expected


def test_the_variance_is_that_of_the_mean_of_task_means():
    rng = np.random.default_rng(0)
    seen = np.array([[1, 1, 1], [1, 1, 1], [1, 0, 1], [1, 0, 1], [1, 1, 0]], dtype=bool)
    draws = rng.standard_normal((20000, *seen.shape)) * [1.0, 3.0, 0.5]
    draws[:, ~seen] = NAN
    found = [mean_interval(d, 0.0, confidence=0.5) for d in draws[:3000]]
    freedom = 1 / np.mean([1 / 4, 1 / 2, 1 / 3])
    assert found[0].freedom == pytest.approx(freedom)
    means = np.nanmean(draws, axis=1).mean(axis=1)
    errors = np.array([i.high - i.mean for i in found]) / stats.t.ppf(0.75, freedom)
    error = np.sqrt(2 / freedom / 3000)  # of a mean variance, relative
    assert np.mean(errors**2) == pytest.approx(means.var(), rel=4 * error)


def test_a_task_with_one_score_of_a_pair_leaves_the_noise_unknown():
    d = np.array([[0.1, NAN], [0.2, NAN], [0.3, 0.4]])
    found = mean_interval(d, 0.5, confidence=0.95)
    assert found.mean == pytest.approx((0.2 + 0.4) / 2)
    assert np.isnan([found.low, found.high, found.p_value]).all()


@pytest.mark.parametrize(
    ("n_scored", "counts"),
    [
        ([5, 3, 2], [True, True, False]),
        ([2, 1, 0], [True, True, True]),  # none in more than half of the splits
    ],
)
def test_tasks_with_scores_in_more_than_half_of_the_splits_count(n_scored, counts):
    scores = np.full((2, 5, 3), NAN)
    for t, n in enumerate(n_scored):
        scores[1, :n, t] = 0.5
    assert tasks_in_means(scores).tolist() == counts


def test_a_rare_class_makes_no_contradiction_and_is_told():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 3))
    y = {"y": X.sum(axis=1), "rare": np.repeat(["r", "s"], [2, 98])}
    rows = ["dummy", "linear"]
    found = compare(X, y, rows, cv=5)
    gain = found.recommendation.differences["dummy"].interval
    table = found.table.loc[rows, MEAN]
    assert gain.mean == pytest.approx(table["linear"] - table["dummy"])
    numbers = re.findall(r"-?\d+\.\d+", found.verdict)
    best, second, printed = map(float, numbers[:3])
    assert printed == pytest.approx(best - second, abs=0.0015)
    note = (
        "Means over tasks exclude rare, which has scores in at most half of the "
        "splits; this is too few to estimate the noise."
    )
    assert note in found.mean_note
    assert note in " ".join(found.to_text().split())
    assert table["linear"] == pytest.approx(found.table.loc["linear", "y"])
    assert compare(X, {"y": y["y"]}, {"ridge": Ridge()}, cv=2).mean_note == ""
