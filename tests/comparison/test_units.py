"""Means over tasks that are scored in different units."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

from sklearn_mtl.comparison import compare
from sklearn_mtl.comparison.results._words import MEAN_SKILL
from sklearn_mtl.exceptions import DifferentUnitsWarning
from sklearn_mtl.grouping import TaskGroupSearchCV

ROWS = {"near": KNeighborsRegressor(3), "line": Ridge()}


def draw(factors):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    y = X @ rng.standard_normal((3, 3)) + 0.3 * rng.standard_normal((60, 3))
    return X, y * factors


def run(factors, scoring):
    return compare(*draw(factors), ROWS, cv=3, scoring=scoring, random_state=0)


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.NegativeTransferWarning")
@pytest.mark.parametrize(
    "scoring", ["neg_mean_absolute_error", "neg_mean_squared_error"]
)
def test_means_do_not_depend_on_the_units(scoring):
    first = run([1.0, 1e3, 1e-3], scoring)
    second = run([1e5, 1.0, 7.0], scoring)
    for name in ("mean", "gain from sharing"):
        np.testing.assert_allclose(first.table[name], second.table[name], rtol=1e-6)
    assert first.verdict == second.verdict
    assert MEAN_SKILL[:40] in first.to_text(200)
    # The scores of the tasks are in their own units.
    ratio = second.table["task0"] / first.table["task0"]
    power = 2 if "squared" in scoring else 1
    np.testing.assert_allclose(ratio, 1e5**power, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.NegativeTransferWarning")
@pytest.mark.parametrize("scoring", ["neg_mean_absolute_error", "skill"])
def test_means_of_one_unit_are_those_of_the_scores(scoring):
    made = run([1.0, 2.0, 1.0], scoring)
    names = ["task0", "task1", "task2"]
    np.testing.assert_allclose(made.table["mean"], made.table[names].mean(axis=1))
    assert made.mean_name == "mean"
    assert not made.mean_note


def test_groups_do_not_depend_on_the_units():
    def search(factors):
        found = TaskGroupSearchCV(
            KNeighborsRegressor(5),
            cv=3,
            scoring="neg_mean_squared_error",
            random_state=0,
        )
        return found.fit(*draw(factors))

    with pytest.warns(DifferentUnitsWarning, match="TaskGroupSearchCV"):
        first = search([1.0, 1e4, 1e-4])
    with pytest.warns(DifferentUnitsWarning):
        second = search([1e4, 1.0, 1e2])
    for key in ("mean_test_score", "affinity"):
        one, other = first.cv_results_[key], second.cv_results_[key]
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-12)
    assert first.cv_results_["groups"] == second.cv_results_["groups"]
