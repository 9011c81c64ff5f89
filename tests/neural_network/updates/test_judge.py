"""Losses before and after an update: what is noise, and what is worse."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy import stats

from sklearn_mtl.neural_network.updates._judge import HeldOutLosses, compare_losses


def compared(before, after, weights=None, prior=None):
    """Compare losses (n_samples, n_tasks)."""
    before, after = np.asarray(before, float), np.asarray(after, float)
    weights = np.ones(before.shape) if weights is None else np.asarray(weights, float)
    prior = np.ones(before.shape[1]) if prior is None else prior
    rows = np.ones(len(before), dtype=bool)
    old, new = HeldOutLosses(before, weights), HeldOutLosses(after, weights)
    return compare_losses(old, new, rows, prior)


def losses(n_samples, n_tasks, seed=0):
    return np.random.default_rng(seed).exponential(size=(n_samples, n_tasks))


def test_the_standard_error_is_that_of_a_paired_t_test():
    before, after = losses(50, 3), losses(50, 3, seed=1)
    changes = compared(before, after).changes
    t = [(c.after - c.before) / c.error for c in changes.values()]
    np.testing.assert_allclose(t, stats.ttest_rel(after, before).statistic)


def test_a_label_without_weight_is_no_label():
    before, after = losses(50, 2), losses(50, 2, seed=1)
    weights = np.ones((50, 2))
    weights[20:, 0] = 0
    found = compared(before, after, weights).changes[0]
    alone = compared(before[:20, :1], after[:20, :1]).changes[0]
    np.testing.assert_allclose(astuple(found), astuple(alone), rtol=1e-12)
    weights[:, 0] = 0
    assert list(compared(before, after, weights).changes) == [1]
    weights[:] = 0
    assert compared(before, after, weights).changes == {}


def test_a_sample_of_weight_two_counts_twice_in_the_mean():
    before, after = losses(30, 1), losses(30, 1, seed=1)
    weights = np.where(np.arange(30) < 10, 2.0, 1.0)[:, None]
    change = compared(before, after, weights).changes[0]
    np.testing.assert_allclose(change.before, np.average(before, weights=weights))
    np.testing.assert_allclose(change.after, np.average(after, weights=weights))


@pytest.mark.parametrize(("errors", "is_worse"), [(1.9, False), (2.1, True)])
def test_one_task_is_worse_above_two_standard_errors(errors, is_worse):
    before, after = losses(10_000, 1), losses(10_000, 1, seed=1)
    change = compared(before, after).changes[0]
    after += errors * change.error - (change.after - change.before)
    assert compared(before, after).worse == [0] * is_worse


def test_among_many_tasks_one_may_be_worse_by_chance():
    rng = np.random.default_rng(0)
    n_refused = 0
    for _ in range(400):
        before, after = rng.normal(size=(2, 60, 10))
        found = compared(before, after)
        n_refused += bool(found.worse) or found.is_mean_worse
    # Two tests of probability 0.023 each, and three standard errors of 400 trials.
    assert n_refused < 400 * (2 * 0.023 + 3 * np.sqrt(2 * 0.023 / 400))


def test_a_small_rise_of_all_tasks_is_seen():
    before, after = losses(500, 30), losses(500, 30, seed=1)
    changes = compared(before, after).changes.values()
    after += [1.5 * c.error - (c.after - c.before) for c in changes]
    found = compared(before, after)
    assert found.worse == []
    assert found.is_mean_worse


def test_the_unit_of_a_task_does_not_matter():
    before, after, unit = losses(80, 3), losses(80, 3, seed=1) + 0.8, [1.0, 1e4, 1e-6]
    one = compared(before, after)
    other = compared(before * unit, after * unit, prior=np.array(unit))
    assert one.worse == other.worse != []
    np.testing.assert_allclose(one.mean.error, other.mean.error)


def test_a_loss_that_is_not_finite_is_worse():
    before = losses(20, 1)
    assert compared(before, np.where(before == before[0], np.nan, before)).worse == [0]


def test_equal_losses_are_not_worse():
    before = losses(20, 2)
    assert compared(before, before).worse == []
    assert compared(before, before + 0.01).worse == [0, 1]


def test_a_single_label_judges_nothing():
    found = compared(losses(1, 1), losses(1, 1) + 5.0)
    assert found.worse == []
    assert np.isnan(found.changes[0].error)
