import numpy as np
import pytest
from scipy.stats import chi2, spearmanr
from scipy.stats.contingency import association

from sklearn_mtl.inspection._association import label_association
from sklearn_mtl.tasks import TaskSet


def values_of(y, types=None):
    tasks, codes = TaskSet.from_y(y, task_types=types)
    return label_association(tasks, codes)


def uncorrected(squared, a, b, n):
    """Add the correction for chance to what other packages compute."""
    chance = a * b / (n - 1)
    return np.sqrt(max(squared - chance, 0) / (min(a, b) - chance))


def test_two_regressions_have_spearmans_correlation():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(80, 2)) @ np.array([[1, -0.7], [0, 0.5]])
    rho = spearmanr(*y.T).statistic
    assert rho < 0
    expected = uncorrected(rho**2, 1, 1, 80)
    assert values_of(y)[0, 1] == pytest.approx(expected)


def test_two_classifications_have_cramers_v():
    rng = np.random.default_rng(0)
    one = rng.integers(4, size=200)
    y = np.column_stack([one, np.where(rng.random(200) < 0.6, one % 3, 0)])
    table = np.zeros((4, 3), dtype=int)
    np.add.at(table, tuple(y.T), 1)
    v = association(table, method="cramer")
    assert values_of(y)[1, 0] == pytest.approx(uncorrected(2 * v**2, 3, 2, 200))


def test_a_regression_and_classes_have_the_correlation_ratio_of_ranks():
    rng = np.random.default_rng(0)
    group = rng.integers(3, size=90)
    value = group + rng.normal(size=90)
    ranks = value.argsort().argsort() + 1.0
    means = np.array([ranks[group == g].mean() for g in range(3)])
    between = ((means[group] - ranks.mean()) ** 2).sum()
    eta2 = between / ((ranks - ranks.mean()) ** 2).sum()
    found = values_of(np.column_stack([group, value]))[0, 1]
    assert found == pytest.approx(uncorrected(eta2, 2, 1, 90))


def test_it_is_one_for_the_same_labels_and_knows_no_sign():
    rng = np.random.default_rng(0)
    one = rng.normal(size=50)
    y = np.column_stack([one, -one, np.digitize(one, [-1, 1]), np.digitize(-one, [-1])])
    values = values_of(np.column_stack([y, y[:, 2] * 5]))
    assert values[0, 1] == pytest.approx(1)
    assert values[2, 4] == pytest.approx(1)
    np.testing.assert_array_equal(np.diag(values), 1)
    np.testing.assert_array_equal(values, values.T)


def test_independent_labels_have_none_on_average():
    rng = np.random.default_rng(0)
    squares = [values_of(rng.integers(5, size=(60, 2)))[0, 1] ** 2 for _ in range(200)]
    chance = 4 * 4 / 59
    # of two independent labels 59 times the squared norm is about chi-squared
    moments = [
        chi2(16).expect(lambda q, k=k: (max(q / 59 - chance, 0) / (4 - chance)) ** k)
        for k in (1, 2)
    ]
    error = np.sqrt((moments[1] - moments[0] ** 2) / 200)
    assert abs(np.mean(squares) - moments[0]) < 3 * error


def test_only_rows_with_both_labels_count():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(60, 2))
    y[:40, 1] += y[:40, 0]
    gaps = y.copy()
    gaps[40:50, 0] = np.nan
    gaps[50:, 1] = np.nan
    assert values_of(gaps)[0, 1] == pytest.approx(values_of(y[:40])[0, 1])


def test_tasks_without_a_row_in_common_have_none():
    y = np.array([[0.1, np.nan], [0.5, np.nan], [np.nan, 1.7], [np.nan, 0.2]])
    values = values_of(y)
    assert np.isnan(values[0, 1])
    assert values[0, 0] == 1
