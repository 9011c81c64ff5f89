import numpy as np
import pytest
from scipy.special import ndtr

from sklearn_mtl.uncertainty._joint import JointLevels
from sklearn_mtl.uncertainty._scores import ScoreDistribution


def draw_levels(n, correlation, rng):
    """Return uniform levels whose normal scores have a correlation."""
    root = np.linalg.cholesky(correlation)
    return ndtr(rng.normal(size=(n, len(correlation))) @ root.T)


CORRELATION = np.array([[1.0, 0.8, 0.4], [0.8, 1.0, 0.3], [0.4, 0.3, 1.0]])


def test_complete_levels_give_the_quantile_of_their_largest():
    levels = draw_levels(199, CORRELATION, np.random.default_rng(0))
    found = JointLevels.learn(levels, np.ones(199))
    assert found.level(0.9) == np.sort(levels.max(axis=1))[180 - 1]
    assert found.unpaired == ()


def learn_thresholds(scores, coverage):
    """Return the joint thresholds of complete scores (n_samples, n_tasks)."""
    every = np.ones(len(scores))
    tasks = [ScoreDistribution.learn(column, every) for column in scores.T]
    shares = np.stack([t.shares_of(v) for t, v in zip(tasks, scores.T, strict=True)], 1)
    level = JointLevels.learn(shares, every).level(coverage)
    return np.array([task.threshold(level) for task in tasks])


@pytest.mark.parametrize("n_tasks", [2, 3, 10])
@pytest.mark.parametrize("n_samples", [30, 100])
def test_regions_of_few_samples_hold_new_ones(n_samples, n_tasks):
    rng = np.random.default_rng(0)
    n_draws = 150
    for coverage in (0.5, 0.8, 0.95):
        held = []
        for _ in range(n_draws):
            ends = learn_thresholds(rng.random((n_samples, n_tasks)), coverage)
            held.append(np.minimum(ends, 1.0).prod())  # uniform and independent
        error = np.std(held) / np.sqrt(n_draws)
        assert np.mean(held) >= coverage - 3 * error


def test_a_region_is_infinite_where_a_new_sample_exceeds_the_largest_too_often():
    rng = np.random.default_rng(0)
    # one of 3 tasks exceeds the largest of 30 scores with a chance of 3 / 31 > 0.05
    assert np.isinf(learn_thresholds(rng.random((30, 3)), 0.95)).all()
    assert np.isfinite(learn_thresholds(rng.random((30, 3)), 0.8)).all()


def test_one_task_needs_the_level_that_is_asked_for():
    levels = np.arange(1, 100)[:, None] / 100
    assert JointLevels.learn(levels, np.ones(99)).level(0.8) == pytest.approx(0.8)


def test_rows_and_tasks_without_labels_do_not_count():
    levels = draw_levels(99, CORRELATION, np.random.default_rng(0))
    more = np.full((120, 4), np.nan)
    more[:99, [0, 1, 3]] = levels
    one, other = (JointLevels.learn(v, np.ones(len(v))) for v in (levels, more))
    assert one.level(0.9) == other.level(0.9)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.8])
def test_the_level_holds_for_all_tasks_whatever_is_missing(share):
    rng = np.random.default_rng(0)
    levels = draw_levels(1500, CORRELATION, rng)
    levels[rng.random(levels.shape) < share] = np.nan
    found = JointLevels.learn(levels, np.ones(1500))
    complete = draw_levels(40_000, CORRELATION, rng).max(axis=1)
    for coverage in (0.5, 0.8, 0.9, 0.95):
        held = (complete <= found.level(coverage)).mean()
        assert held == pytest.approx(coverage, abs=0.025)


def test_related_tasks_need_less_than_bonferroni():
    levels = draw_levels(1500, CORRELATION, np.random.default_rng(0))
    levels[::2, 0] = np.nan
    assert JointLevels.learn(levels, np.ones(1500)).level(0.9) < 1 - 0.1 / 3


def test_tasks_that_share_no_sample_are_independent_and_named():
    rng = np.random.default_rng(0)
    levels = rng.random((2000, 3))
    levels[:1000, 0] = levels[1000:, 1] = np.nan
    found = JointLevels.learn(levels, np.ones(2000))
    assert found.unpaired == ((0, 1),)
    assert found.level(0.9) == pytest.approx(0.9 ** (1 / 3), abs=0.01)


def test_pairs_that_do_not_go_together_still_give_a_level():
    rng = np.random.default_rng(0)
    levels = np.full((300, 3), np.nan)
    u = rng.random(300)
    for k, (s, t, flip) in enumerate([(0, 1, 0), (1, 2, 0), (0, 2, 1)]):
        rows = slice(100 * k, 100 * k + 100)
        levels[rows, s], levels[rows, t] = u[rows], abs(flip - u[rows])
    assert 0.9 < JointLevels.learn(levels, np.ones(300)).level(0.9) < 1


def test_the_same_levels_give_the_same_bits():
    levels = draw_levels(300, CORRELATION, np.random.default_rng(0))
    levels[::3, 1] = np.nan
    one, other = (JointLevels.learn(levels, np.ones(300)) for _ in range(2))
    assert one.largest.scores.tobytes() == other.largest.scores.tobytes()
