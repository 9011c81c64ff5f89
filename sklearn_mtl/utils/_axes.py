"""Leading principal axes of a matrix with very many columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["MANY", "leading_axes"]

#: With more columns, the decomposition of all products of columns takes minutes.
MANY = 512
_N_SPARE, _N_PASSES = 8, 3

Product = Callable[[np.ndarray], np.ndarray]


def leading_axes(
    times: Product, transposed_times: Product, n_columns: int, n_axes: int
) -> np.ndarray:
    """Return orthonormal axes on which the rows of a matrix vary most, the last most.

    This is the randomised subspace iteration of Halko, Martinsson and Tropp, SIAM
    Review 53, 2011. `times` and `transposed_times` multiply the matrix, or its
    transpose, by another matrix, so that a sparse matrix remains sparse.

    Shapes: -> (n_columns, n_axes).
    """
    # a fixed seed: with the spare axes, the result hardly depends on the start
    rng = np.random.default_rng(0)
    axes = rng.normal(size=(n_columns, min(n_axes + _N_SPARE, n_columns)))
    for _ in range(_N_PASSES):
        basis = np.linalg.qr(times(axes))[0]
        axes = np.linalg.qr(transposed_times(basis))[0]
    columns = times(axes)
    return axes @ np.linalg.eigh(columns.T @ columns)[1][:, -n_axes:]
