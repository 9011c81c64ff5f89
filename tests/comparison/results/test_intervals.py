import numpy as np
import pytest
from scipy import stats

from sklearn_mtl.comparison import corrected_interval
from sklearn_mtl.comparison.results._intervals import holm


def test_interval_is_the_published_formula():
    # Nadeau and Bengio (2003), 10 differences of 90/10 splits, by hand
    d = np.array([1.0, 2.0, 0.0, 3.0, 1.5, 2.5, 0.5, 1.0, 2.0, 1.5])
    s2 = ((d - 1.5) ** 2).sum() / 9
    half = 2.262157 * np.sqrt((1 / 10 + 10 / 90) * s2)  # t(0.975, 9) from a table
    found = corrected_interval(d, 10 / 90)
    np.testing.assert_allclose([found.low, found.high], [1.5 - half, 1.5 + half], 1e-6)
    assert found.mean == 1.5
    assert found.n_splits == 10


def test_without_correction_it_is_student_s_interval_and_test():
    d = np.random.default_rng(0).normal(0.3, 1, 12)
    expected = stats.ttest_1samp(d, 0)
    found = corrected_interval(d, 0.0, confidence=0.9)
    ends = expected.confidence_interval(0.9)
    np.testing.assert_allclose([found.low, found.high], [ends.low, ends.high])
    np.testing.assert_allclose(found.p_value, expected.pvalue)


def test_p_value_is_5_percent_where_the_interval_touches_0():
    d = np.array([0.1, 0.3, 0.2, 0.5, 0.4])
    touching = corrected_interval(d - corrected_interval(d, 0.25).low, 0.25)
    np.testing.assert_allclose(touching.low, 0.0, atol=1e-12)
    np.testing.assert_allclose(touching.p_value, 0.05)


def test_splits_without_a_score_are_left_out():
    found = corrected_interval([0.1, np.nan, 0.3, 0.2], 0.25)
    assert found == corrected_interval([0.1, 0.3, 0.2], 0.25)
    assert found.n_splits == 3


def test_one_split_has_no_interval_and_none_has_nothing():
    one = corrected_interval([0.4], 0.25)
    assert one.mean == 0.4
    assert np.isnan([one.low, one.high, one.p_value]).all()
    assert np.isnan(corrected_interval([np.nan], 0.25).mean)


@pytest.mark.parametrize(("value", "p_value"), [(0.0, 1.0), (0.2, 0.0)])
def test_equal_differences_are_certain(value, p_value):
    found = corrected_interval([value] * 5, 0.25)
    assert (found.low, found.high) == (value, value)
    assert found.p_value == p_value


def cross_validated_differences(n_repeats, n=50, k=5, mean=0.3):
    """Score of predicting the training mean minus that of predicting 0."""
    y = mean + np.random.default_rng(0).standard_normal((n_repeats, n))
    folds = y.reshape(n_repeats, k, n // k)
    n_train = n - n // k
    trained = (y.sum(axis=1)[:, None] - folds.sum(axis=2)) / n_train
    gain = (folds**2 - (folds - trained[:, :, None]) ** 2).mean(axis=2)
    # E y^2 - E (y - ybar)^2, ybar of variance 1 / n_train
    return gain, mean**2 - 1 / n_train


def test_intervals_cover_the_expected_gain_where_naive_ones_do_not():
    gains, expected = cross_validated_differences(2000)

    def described(ratio):
        found = [corrected_interval(d, ratio) for d in gains]
        covered = np.mean([i.low <= expected <= i.high for i in found])
        return covered, np.array([i.high - i.low for i in found])

    naive, narrow = described(0.0)
    covered, width = described(1 / 4)
    np.testing.assert_allclose(width, narrow * np.sqrt(1 + 5 / 4))
    error = np.sqrt(0.95 * 0.05 / 2000)  # of the share of 2000 intervals
    assert abs(covered - 0.95) < 3 * error
    assert naive < 0.90


def repeated_differences(n_samples, n_repeats, n=50, k=5, mean=0.3, seed=0):
    """The same with other folds of the same rows in every repeat."""
    rng = np.random.default_rng(seed)
    y = mean + rng.standard_normal((n_samples, n))
    gains = []
    for _ in range(n_repeats):
        folds = rng.permuted(y, axis=1).reshape(n_samples, k, n // k)
        trained = (y.sum(axis=1)[:, None] - folds.sum(axis=2)) / (n - n // k)
        gains.append((folds**2 - (folds - trained[:, :, None]) ** 2).mean(axis=2))
    return np.concatenate(gains, axis=1), mean**2 - 1 / (n - n // k)


@pytest.mark.parametrize(
    ("n_repeats", "mean", "least"),
    [(2, 1.0, 0.97), (10, 1.0, 0.97), (2, 0.3, 0.935), (10, 0.3, 0.935)],
)
def test_intervals_of_repeated_folds_cover_as_the_docstring_says(
    n_repeats, mean, least
):
    gains, expected = repeated_differences(1500, n_repeats, mean=mean)

    def described(ratio):
        found = [corrected_interval(d, ratio) for d in gains]
        covered = np.mean([i.low <= expected <= i.high for i in found])
        return covered, np.median([i.high - i.low for i in found])

    naive, narrow = described(0.0)  # takes repeats for new data
    covered, width = described(1 / 4)
    assert covered >= least
    assert naive < covered - 0.05
    # however many repeats, 1 / 5 + 1 / 4 stays
    np.testing.assert_allclose(width, narrow * np.sqrt((1 / 5 + 1 / 4) * 5 * n_repeats))


def test_a_loss_is_seldom_seen_on_any_of_several_tasks_where_there_is_none():
    """The word "hurts", and the warning, keep their level over all tasks together."""
    gains, expected = repeated_differences(2500, 2, mean=np.sqrt(1 / 40))
    assert abs(expected) < 1e-12
    found = [corrected_interval(d, 1 / 4) for d in gains]
    groups = np.array([(i.p_value, i.mean) for i in found]).reshape(-1, 5, 2)
    alarms = [((holm(g[:, 0]) < 0.05) & (g[:, 1] < 0)).any() for g in groups]
    assert np.mean(alarms) <= 0.05


def test_overlap_and_not_the_size_of_the_test_part_decides_the_correction():
    """With labels hidden from training, n_test / n_train of folds is still 1 / (k - 1).

    140 of 200 labels are hidden from training; test parts are scored completely.
    """
    rng = np.random.default_rng(0)
    y = 0.3 + rng.standard_normal((1500, 200))
    learned = y[:, :60].reshape(-1, 5, 12)  # any 60 rows are as good as random ones
    folds = np.concatenate([learned, y[:, 60:].reshape(-1, 5, 28)], axis=2)
    trained = (learned.sum(axis=(1, 2))[:, None] - learned.sum(axis=2)) / 48
    gains = (folds**2 - (folds - trained[:, :, None]) ** 2).mean(axis=2)
    expected = 0.3**2 - 1 / 48
    found = [corrected_interval(d, 1 / 4) for d in gains]
    coverage = np.mean([i.low <= expected <= i.high for i in found])
    assert 0.93 <= coverage <= 0.98


def test_holm_is_the_textbook_procedure():
    # sorted: .005 * 4, .01 * 3, .03 * 2, .04 * 1, never falling
    np.testing.assert_allclose(
        holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]
    )


def test_holm_does_not_count_missing_tests_and_stops_at_1():
    np.testing.assert_array_equal(holm([np.nan, 0.4, 0.9]), [np.nan, 0.8, 0.9])
    np.testing.assert_array_equal(holm([0.7, 0.8]), [1.0, 1.0])
    assert np.isnan(holm([np.nan])).all()
