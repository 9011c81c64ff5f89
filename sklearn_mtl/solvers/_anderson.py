"""Anderson extrapolation of the iterates of a solver."""

from __future__ import annotations

import numpy as np

__all__ = ["anderson_weights", "mixture"]

#: Ridge on the products of moves, relative to their trace. Near convergence the moves
#: are almost parallel, and without it the weights would be huge.
RIDGE = 1e-10


def anderson_weights(visited: list[np.ndarray]) -> np.ndarray:
    """Return the weights, with sum 1, of all points but the first.

    With the moves as rows of U, c minimises ||c U|| subject to sum(c) = 1. The solution
    is c = z / sum(z) with (U U') z = 1.

    Shapes: -> (n_visited - 1,).

    References
    ----------
    .. [1] Q. Bertrand, M. Massias, "Anderson acceleration of coordinate descent",
       AISTATS 2021.
    """
    moves = np.diff(np.stack([point.ravel() for point in visited]), axis=0)
    products = moves @ moves.T
    products.flat[:: len(products) + 1] += RIDGE * np.trace(products)
    # The minimiser of ||sum_k c_k move_k|| with sum(c) = 1 is (U U')^-1 1, scaled.
    weights = np.linalg.solve(products, np.ones(len(products)))
    scaled: np.ndarray = weights / weights.sum()
    return scaled


def mixture(weights: np.ndarray, visited: list[np.ndarray]) -> np.ndarray:
    """Return the weighted sum of all points but the first."""
    points = np.stack([point.ravel() for point in visited[1:]])
    mixed: np.ndarray = weights @ points
    return mixed.reshape(visited[0].shape)
