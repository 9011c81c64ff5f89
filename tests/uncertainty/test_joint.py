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
    found = JointLevels.learn(levels, levels, np.ones(199))
    assert found.level(0.9) == np.sort(levels.max(axis=1))[180 - 1]
    assert found.unpaired == ()


def learn_thresholds(scores, coverage):
    """Return the joint thresholds of scores (n_samples, n_tasks), NaN where missing."""
    every, seen = np.ones(len(scores)), ~np.isnan(scores)
    pairs = list(zip(scores.T, seen.T, strict=True))
    tasks = [ScoreDistribution.learn(v, is_seen * 1.0) for v, is_seen in pairs]
    shares = [
        np.where(is_seen, task.shares_of(v), np.nan)
        for task, (v, is_seen) in zip(tasks, pairs, strict=True)
    ]
    first, last = np.stack(shares, axis=2)
    level = JointLevels.learn(first, last, every).level(coverage)
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


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("accuracy", [0.9, 1.0])
def test_labels_that_are_always_inside_leave_the_coverage_to_the_other_task(
    accuracy, share
):
    rng = np.random.default_rng(0)
    held = []
    for _ in range(20):
        scores = rng.random((400, 3))
        # two classifications: the likeliest class has the score 0
        scores[:, 1:] *= rng.random((400, 2)) > accuracy
        scores[rng.random(scores.shape) < share] = np.nan
        ends = np.minimum(learn_thresholds(scores, 0.7), 1.0)
        held.append(ends[0] * np.prod(accuracy + (1 - accuracy) * ends[1:]))
    assert np.mean(held) == pytest.approx(0.7, abs=0.02)


def test_one_task_needs_the_level_that_is_asked_for():
    levels = np.arange(1, 100)[:, None] / 100
    assert JointLevels.learn(levels, levels, np.ones(99)).level(0.8) == 0.8


def test_rows_and_tasks_without_labels_do_not_count():
    levels = draw_levels(99, CORRELATION, np.random.default_rng(0))
    more = np.full((120, 4), np.nan)
    more[:99, [0, 1, 3]] = levels
    one, other = (JointLevels.learn(v, v, np.ones(len(v))) for v in (levels, more))
    assert one.level(0.9) == other.level(0.9)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.8])
def test_the_level_holds_for_all_tasks_whatever_is_missing(share):
    rng = np.random.default_rng(0)
    levels = draw_levels(1500, CORRELATION, rng)
    levels[rng.random(levels.shape) < share] = np.nan
    found = JointLevels.learn(levels, levels, np.ones(1500))
    complete = draw_levels(40_000, CORRELATION, rng).max(axis=1)
    for coverage in (0.5, 0.8, 0.9, 0.95):
        held = (complete <= found.level(coverage)).mean()
        assert held == pytest.approx(coverage, abs=0.025)


def test_related_tasks_need_less_than_bonferroni():
    levels = draw_levels(1500, CORRELATION, np.random.default_rng(0))
    levels[::2, 0] = np.nan
    assert JointLevels.learn(levels, levels, np.ones(1500)).level(0.9) < 1 - 0.1 / 3


def test_tasks_that_share_no_sample_are_independent_and_named():
    rng = np.random.default_rng(0)
    levels = rng.random((2000, 3))
    levels[:1000, 0] = levels[1000:, 1] = np.nan
    found = JointLevels.learn(levels, levels, np.ones(2000))
    assert found.unpaired == ((0, 1),)
    assert found.level(0.9) == pytest.approx(0.9 ** (1 / 3), abs=0.01)


def test_pairs_that_do_not_go_together_still_give_a_level():
    rng = np.random.default_rng(0)
    levels = np.full((300, 3), np.nan)
    u = rng.random(300)
    for k, (s, t, flip) in enumerate([(0, 1, 0), (1, 2, 0), (0, 2, 1)]):
        rows = slice(100 * k, 100 * k + 100)
        levels[rows, s], levels[rows, t] = u[rows], abs(flip - u[rows])
    assert 0.9 < JointLevels.learn(levels, levels, np.ones(300)).level(0.9) < 1


def test_the_same_levels_give_the_same_bits():
    levels = draw_levels(300, CORRELATION, np.random.default_rng(0))
    levels[::3, 1] = np.nan
    one, other = (JointLevels.learn(levels, levels, np.ones(300)) for _ in range(2))
    assert one.largest.scores.tobytes() == other.largest.scores.tobytes()
