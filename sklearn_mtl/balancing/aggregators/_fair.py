"""Alpha-fair weights, which share the progress of a step among the tasks."""

from __future__ import annotations

import numpy as np

__all__ = ["fair_weights"]

_REGULARISATION = 1e-6  # of a Gramian of mean square 1; opposed gradients need it
_TOLERANCE = 1e-8  # relative, of G w and w^(-1/alpha)
_MAX_ITERATIONS = 100
_TO_BOUNDARY = 0.9


def fair_weights(gramian: np.ndarray, alpha: float) -> np.ndarray:
    r"""Solve :math:`G w = w^{-1/\alpha}`, element by element, for w > 0.

    The solution is the minimum of the strictly convex function
    :math:`\tfrac12 w^T G w - \sum_t \int w_t^{-1/\alpha}`. It is found by damped Newton
    steps of O(n_tasks^3) each.

    Shapes: gramian (n_tasks, n_tasks) -> (n_tasks,).
    """
    n_tasks, power = len(gramian), 1.0 / alpha
    size = np.trace(gramian) / n_tasks
    gramian = gramian / size + _REGULARISATION * np.eye(n_tasks)
    # This is the solution for a diagonal G.
    w = gramian.diagonal() ** (-1.0 / (1.0 + power))
    for _ in range(_MAX_ITERATIONS):
        wanted = w**-power
        excess = gramian @ w - wanted
        if np.abs(excess / wanted).max() <= _TOLERANCE:
            break
        curvature = gramian + np.diag(power * wanted / w)
        move = -np.linalg.solve(curvature, excess)
        w = w + _step_length(gramian, w, move, power) * move
    # If G is multiplied by s, the solution is multiplied by s^(-1/(1 + 1/alpha)).
    return w * size ** (-1.0 / (1.0 + power))


def _step_length(
    gramian: np.ndarray, w: np.ndarray, move: np.ndarray, power: float
) -> float:
    """Halve the step until the slope at its end is not too positive."""
    falling = move < 0
    length = 1.0
    if falling.any():
        # w^(-1/alpha) is defined for w > 0 only.
        length = min(1.0, _TO_BOUNDARY * float((-w[falling] / move[falling]).min()))
    start = move @ (gramian @ w - w**-power)
    while length > 1e-12:
        new = w + length * move
        if move @ (gramian @ new - new**-power) <= -0.9 * start:
            break
        length *= 0.5
    return length
