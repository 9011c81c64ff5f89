import numpy as np
import pytest

from sklearn_mtl.uncertainty._scores import ScoreDistribution

LEVELS = (0.05, 0.3, 0.5, 0.8, 0.9, 0.95)


@pytest.fixture
def scores():
    return np.random.default_rng(0).normal(size=101)


@pytest.mark.parametrize("level", LEVELS)
def test_the_threshold_is_the_order_statistic_of_n_plus_1_scores(scores, level):
    found = ScoreDistribution.learn(scores, np.ones(101)).threshold(level)
    rank = int(np.ceil(round(level * 102, 9)))
    assert found == np.sort(scores)[rank - 1]


@pytest.mark.parametrize("level", LEVELS)
def test_a_low_quantile_is_a_high_one_of_the_other_sign(scores, level):
    weights = np.random.default_rng(1).uniform(0.1, 2.0, size=101)
    q = min(level, 0.49)
    mirrored = ScoreDistribution.learn(-scores, weights).threshold(1 - q)
    assert ScoreDistribution.learn(scores, weights).quantile(q) == -mirrored


def test_quantiles_never_cross(scores):
    distribution = ScoreDistribution.learn(scores, np.ones(101))
    quantiles = [distribution.quantile(q) for q in np.linspace(0.001, 0.999, 400)]
    assert (np.diff([q for q in quantiles if np.isfinite(q)]) >= 0).all()


@pytest.mark.parametrize(("n", "is_finite"), [(8, False), (9, True)])
def test_too_few_scores_give_an_infinite_threshold(n, is_finite):
    distribution = ScoreDistribution.learn(np.arange(float(n)), np.ones(n))
    assert np.isfinite(distribution.threshold(0.9)) == is_finite
    assert np.isfinite(distribution.quantile(0.1)) == is_finite


def test_no_scores_give_infinite_thresholds():
    distribution = ScoreDistribution.learn(np.full(3, np.nan), np.zeros(3))
    assert distribution.threshold(0.01) == np.inf
    assert distribution.quantile(0.3) == -np.inf
    assert distribution.quantile(0.5) == 0.0
    assert distribution.quantile(0.6) == np.inf


def test_weights_count_as_repeated_scores(scores):
    weights = np.random.default_rng(1).integers(0, 3, size=101)
    weighted = ScoreDistribution.learn(scores, weights.astype(float))
    repeated = np.sort(np.repeat(scores, weights))
    n = (weights > 0).sum()
    for level in (0.3, 0.5, 0.8):
        place = int(np.ceil(level * (n + 1) / n * len(repeated) - 1e-9)) - 1
        assert weighted.threshold(level) == repeated[place]


def test_weights_of_another_size_change_nothing(scores):
    one, other = (ScoreDistribution.learn(scores, np.full(101, w)) for w in (1, 1 / 3))
    assert [one.threshold(c) for c in LEVELS] == [other.threshold(c) for c in LEVELS]


def test_shares_are_ranks_over_n(scores):
    first, last = ScoreDistribution.learn(scores, np.ones(101)).shares_of(scores)
    np.testing.assert_allclose(first, (np.argsort(np.argsort(scores)) + 1) / 101)
    np.testing.assert_array_equal(first, last)


def test_equal_scores_have_the_shares_of_the_first_and_the_last():
    scores = np.array([0.0, 0.0, 0.0, 2.0, 1.0])
    first, last = ScoreDistribution.learn(scores, np.ones(5)).shares_of(scores)
    np.testing.assert_allclose(first, [0.2, 0.2, 0.2, 1.0, 0.8])
    np.testing.assert_allclose(last, [0.6, 0.6, 0.6, 1.0, 0.8])


def test_at_its_share_a_score_is_inside_the_threshold_of_the_others(scores):
    shares, _ = ScoreDistribution.learn(scores, np.ones(101)).shares_of(scores)
    for i in np.argsort(scores)[1:]:
        others = ScoreDistribution.learn(np.delete(scores, i), np.ones(100))
        assert scores[i] <= others.threshold(shares[i])
        assert scores[i] > others.threshold(shares[i] - 1 / 101 - 1e-9)
