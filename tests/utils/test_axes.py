import numpy as np
import pytest

from sklearn_mtl.ensemble._stacking import MOST_COLUMNS, _axes
from sklearn_mtl.utils._axes import MANY, leading_axes


def matrix(shape, decay):
    """Return a matrix whose singular values are 1, decay, decay ** 2, ..."""
    rng = np.random.default_rng(0)
    rank = min(shape)
    left, right = (np.linalg.qr(rng.normal(size=(n, rank)))[0] for n in shape)
    return left * decay ** np.arange(rank) @ right.T


@pytest.mark.parametrize("shape", [(60, 40), (30, 80)])
def test_the_axes_are_the_last_singular_vectors_turned_around(shape):
    X = matrix(shape, decay=0.5)
    axes = leading_axes(X.__matmul__, X.T.__matmul__, shape[1], 5)
    wanted = np.linalg.svd(X)[2][:5][::-1]
    np.testing.assert_allclose(np.abs(wanted @ axes), np.eye(5), atol=1e-7)


def test_of_a_matrix_of_zeros_the_axes_are_orthonormal():
    X = np.zeros((20, 30))
    axes = leading_axes(X.__matmul__, X.T.__matmul__, 30, 4)
    np.testing.assert_allclose(axes.T @ axes, np.eye(4), atol=1e-12)


def test_a_blend_keeps_the_leading_axes_of_very_many_columns():
    X = matrix((100, MANY + 1), decay=0.8)
    axes = _axes(X)
    assert axes.shape == (MANY + 1, MOST_COLUMNS)
    sizes = np.linalg.norm(X @ axes, axis=0)
    np.testing.assert_allclose(sizes, 0.8 ** np.arange(MOST_COLUMNS), rtol=1e-4)
