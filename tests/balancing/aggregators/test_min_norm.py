"""The shortest vector of a hull: the conditions of optimality, by either way."""

import numpy as np
import pytest

from sklearn_mtl.balancing.aggregators import _min_norm
from sklearn_mtl.balancing.aggregators._min_norm import min_norm_weights
from tests.balancing.cases import gramian

SIZES = [(2, 3), (5, 50), (7, 4), (40, 400), (40, 10), (100, 300)]


def assert_optimal(G, w):
    """No vertex of the hull is shorter along the shortest vector than it is itself."""
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1.0)
    slack = 1e-8 * G.diagonal().max()
    assert (G @ w).min() >= w @ G @ w - slack


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_the_weights_are_optimal(size, seed):
    G = gramian(*size, seed=seed).numpy()
    assert_optimal(G, min_norm_weights(G))


@pytest.mark.parametrize("size", SIZES[:5], ids=str)
def test_exchanges_and_the_active_set_agree(size, monkeypatch):
    G = gramian(*size).numpy()
    found = min_norm_weights(G)
    monkeypatch.setattr(_min_norm, "_exchange", lambda matrix: None)
    slow = min_norm_weights(G)
    assert found @ G @ found == pytest.approx(slow @ G @ slow, abs=1e-9 * G.trace())


@pytest.mark.parametrize(
    "G",
    [
        np.ones((4, 4)),
        np.array([[1.0, -1.0], [-1.0, 1.0]]),
        np.diag([1.0, 0.0, 2.0]),
        np.zeros((3, 3)),
    ],
    ids=["equal", "opposed", "one zero", "all zero"],
)
def test_dependent_gradients_have_an_optimum_too(G):
    assert_optimal(G, min_norm_weights(G))
