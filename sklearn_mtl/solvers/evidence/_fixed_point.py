"""Fixed points of expensive low-dimensional maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["fixed_point"]

#: Extrapolate only below this move; farther away there may be other fixed points.
NEAR = 0.3


def fixed_point(
    step: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    tol: float,
    max_iter: int,
) -> np.ndarray:
    """Return x = step(x) by pairs of steps with squared extrapolations between them.

    An extrapolation is undone if the next move is larger than the previous one.

    Shapes: start (n,) -> (n,).

    References
    ----------
    .. [1] R. Varadhan, C. Roland, "Simple and globally convergent methods for
       accelerating the convergence of any EM algorithm", Scandinavian Journal of
       Statistics 35, 2008.
    """
    here, second, before = start, start, np.inf
    for _ in range(max_iter // 2):
        first = step(here)
        # Undo an extrapolation that increased the residual.
        if np.linalg.norm(first - here) > before:
            first, before = step(second), np.inf
            here = second
        second = step(first)
        move, turn = first - here, second - 2.0 * first + here
        largest = float(np.abs(second - first).max())
        if largest <= tol:
            break
        here, before = second, np.inf
        if largest <= NEAR:
            before = float(np.linalg.norm(move))
            # Scheme S3 of [1], alpha = -||r|| / ||v||; alpha = -1 is the plain step.
            length = before / max(float(np.linalg.norm(turn)), 1e-300)
            if length > 1.0:
                here = first - move + 2.0 * length * move + length**2 * turn
    return second
