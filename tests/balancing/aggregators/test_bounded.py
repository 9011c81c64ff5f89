"""The programmes of UPGrad against an active-set solver, a task at a time."""

import numpy as np
import pytest
from scipy.optimize import nnls

from sklearn_mtl.balancing.aggregators._bounded import minimise_above
from tests.balancing.cases import gramian

RIDGE = 1e-4
# more tasks than numbers in a gradient: nearly dependent, which takes the exact faces
SIZES = [(2, 3), (6, 2), (12, 3), (31, 60), (32, 10), (50, 400), (60, 20)]


def optimality(matrix, lower, v):
    """Return how far rows are from v >= lower, Gv >= 0, one of both an equation."""
    return np.abs(np.minimum(v - lower, v @ matrix / matrix.diagonal())).max()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_solutions_are_optimal(size, seed, dtype):
    G = gramian(*size, seed=seed, spread=0.5).numpy()
    G = (G / G.trace()).astype(dtype)
    bound = np.linspace(1.0, 2.0, size[0]) / size[0]
    found = minimise_above(G[None], np.array([[RIDGE]]), bound)[0]
    matrix = G.astype(np.float64) + RIDGE * np.eye(size[0])
    is_many = size[0] >= 32  # solved in single precision where that is enough
    assert optimality(matrix, np.diag(bound), found) < (1e-5 if is_many else 1e-6)


@pytest.mark.parametrize("size", [(6, 2), (12, 3), (31, 60), (50, 400)], ids=str)
def test_the_sum_is_that_of_an_active_set_solver(size):
    G = gramian(*size, spread=0.5).numpy()
    matrix = G / G.trace() + RIDGE * np.eye(size[0])
    bound = np.full(size[0], 1 / size[0])
    root = np.linalg.cholesky(matrix).T
    rows = [low + nnls(root, -root @ low, maxiter=9999)[0] for low in np.diag(bound)]
    found = minimise_above(G[None] / G.trace(), np.array([[RIDGE]]), bound)[0]
    np.testing.assert_allclose(found.sum(axis=0), np.sum(rows, axis=0), atol=1e-4)


def test_members_are_solved_each_for_itself():
    G = np.stack([gramian(5, seed=seed).numpy() for seed in range(3)])
    G[1] *= 1e6
    ridge = RIDGE * G.trace(axis1=1, axis2=2)[:, None]
    bound = np.full(5, 0.2)
    together = minimise_above(G, ridge, bound)
    for m in range(3):
        alone = minimise_above(G[m : m + 1], ridge[m : m + 1], bound)[0]
        np.testing.assert_allclose(together[m], alone, atol=1e-5)
