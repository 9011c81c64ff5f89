import numpy as np
import pytest

from sklearn_mtl.solvers._anderson import anderson_weights, mixture


def test_a_linear_iteration_ends_after_as_many_moves_as_it_has_rates():
    A = np.diag([0.9, -0.6, -0.6])
    limit = np.array([[1.0], [2.0], [3.0]])
    visited = [np.zeros((3, 1))]
    for _ in range(3):
        visited.append(limit + A @ (visited[-1] - limit))
    weights = anderson_weights(visited)
    assert weights.sum() == pytest.approx(1.0)
    # Exact up to the ridge; the last point is still off by 0.7.
    np.testing.assert_allclose(mixture(weights, visited), limit, atol=1e-4)
