"""What holds of a graph of tasks beyond what holds of every penalty."""

import numpy as np
import pytest

from sklearn_mtl.linear_model import (
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.penalties import TaskGraph

CHAIN = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]  # the third is alone


@pytest.mark.parametrize("graph", ["mean", "chain", CHAIN])
@pytest.mark.parametrize("step", [1e7, 1e9, 1e16, 1e30, 1e300])
def test_a_long_step_gives_tasks_that_are_joined_their_mean(graph, step):
    W = np.random.default_rng(0).normal(size=(4, 3))
    groups = [[0, 1], [2]] if graph is CHAIN else [[0, 1, 2]]
    expected = np.empty_like(W)
    for group in groups:
        expected[:, group] = W[:, group].mean(axis=1, keepdims=True)
    found = TaskGraph(0.5, graph=graph).prox(W, step)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("penalty", ["mean", "chain"])
@pytest.mark.parametrize("shift", [0.0, 5.0])
def test_equal_tasks_get_equal_coefficients(penalty, shift):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6))
    y = X.sum(axis=1) + rng.normal(size=80)
    twice = np.column_stack([y, y + shift])
    for alpha in (15.0, 100.0):
        model = MultiTaskLinearRegressor(penalty=penalty, alpha=alpha).fit(X, twice)
        np.testing.assert_allclose(*model.coef_, atol=1e-8)
    MultiTaskLinearRegressorCV(penalty=penalty).fit(X, twice)
