"""Quadratic programmes with lower bounds and a common matrix."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

__all__ = ["minimise_above"]

# Number of steps of a run. One run is enough unless gradients are almost dependent.
# Then convergence becomes slow long before the end.
_STEPS = 30
_RUNS = 4
_ITERATIONS = 30  # maximum iterations of the active-set method per task
_TOLERANCE = 1e-7  # size of the last projected gradient step relative to the bounds
_FACE_TOLERANCE = 1e-10
# If a few steps are enough, rounding errors do not grow much. Single precision is twice
# as fast for many tasks and then has an error below 1e-4.
_SINGLE_TOLERANCE = 1e-5
# With fewer tasks, most of the time is the overhead of calls, so double is as fast.
_SINGLE_FROM = 32


def minimise_above(
    matrix: np.ndarray, ridge: np.ndarray, bound: np.ndarray
) -> np.ndarray:
    r"""Minimise :math:`v^T (G + r I) v` over :math:`v \ge l_t e_t`, for each task t.

    All programmes are solved at once by accelerated projected gradient steps with
    restarts. Each step is one matrix product. G is scaled to a unit diagonal, because
    few steps are then enough even if gradients differ in norm. If a programme does not
    converge, its active constraints are usually final, and the equations of the other
    variables are solved exactly. If that does not converge either, an active-set method
    is used.

    Shapes: matrix (n_members, n_tasks, n_tasks), ridge (n_members, 1),
    bound (n_tasks,) -> (n_members, n_tasks, n_tasks).

    References
    ----------
    B. O'Donoghue, E. Candes, "Adaptive Restart for Accelerated Gradient Schemes",
    Foundations of Computational Mathematics 15, 2015, section 3.2. J. J. More, G.
    Toraldo, "On the Solution of Large Quadratic Programming Problems with Bound
    Constraints", SIAM Journal on Optimization 1, 1991.
    """
    is_many = len(bound) >= _SINGLE_FROM
    # With a unit diagonal one step size suits gradients of any norm.
    unit = np.sqrt(matrix.diagonal(axis1=1, axis2=2) + ridge)[:, None]
    scaled = _scale(matrix, unit, bound, np.float32 if is_many else np.float64)
    tolerance = _SINGLE_TOLERANCE if is_many else _TOLERANCE
    v, is_solved = _descend(*scaled, scaled[1], tolerance)
    if not is_solved:
        v = _finish(*_scale(matrix, unit, bound, np.float64), v)
    return v / unit


def _scale(
    matrix: np.ndarray, unit: np.ndarray, bound: np.ndarray, dtype: type[np.floating]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrix scaled to a unit diagonal, and the scaled bounds."""
    matrix = matrix.astype(dtype) / (unit * unit.transpose(0, 2, 1)).astype(dtype)
    lower = np.zeros_like(matrix)
    _diagonal(matrix)[:] = 1.0
    _diagonal(lower)[:] = bound * unit[:, 0]
    return matrix, lower


def _diagonal(matrix: np.ndarray) -> np.ndarray:
    """Return a writable view of the diagonals, (n_members, n_tasks)."""
    return matrix.reshape(len(matrix), -1)[:, :: matrix.shape[-1] + 1]


def _finish(matrix: np.ndarray, lower: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Alternate between exact solutions for the free variables and descent."""
    for _ in range(_RUNS):
        v = _solve_faces(matrix, lower, v)
        # This stops at once if the active constraints were the right ones.
        v, is_solved = _descend(matrix, lower, v, _FACE_TOLERANCE)
        if is_solved:
            return v
    return np.stack([_active_set(*pair) for pair in zip(matrix, lower, strict=True)])


def _active_set(matrix: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Solve one programme after the other by a slow method that always terminates."""
    root = np.linalg.cholesky(matrix).T
    most = _ITERATIONS * len(matrix)
    # With M = R'R and x = v - lower >= 0, v' M v is ||R x + R lower||^2.
    return lower + [nnls(root, -root @ bound, maxiter=most)[0] for bound in lower]


def _descend(
    matrix: np.ndarray, lower: np.ndarray, start: np.ndarray, tolerance: float
) -> tuple[np.ndarray, bool]:
    """Return the result of some projected gradient steps, and whether it converged."""
    step = matrix / -_largest_eigenvalue(matrix)
    _diagonal(step)[:] += 1.0  # v @ step is v minus the gradient
    goal = tolerance**2 * np.vdot(lower, lower)
    v = ahead = start
    pace = 1.0
    for _ in range(_STEPS):
        new = ahead @ step
        np.maximum(new, lower, out=new)
        gap = ahead - new
        if np.vdot(gap, gap) <= goal:
            return new, True
        move = new - v
        v = new
        if np.vdot(gap, move) > 0.0:  # the objective would increase: restart
            pace, ahead = 1.0, new
            continue
        next_pace = 0.5 + (0.25 + pace * pace) ** 0.5
        move *= (pace - 1.0) / next_pace
        pace, ahead = next_pace, np.add(new, move, out=move)
    return v, False


def _largest_eigenvalue(matrix: np.ndarray) -> float:
    """Return an upper bound, at most (n_members n_tasks)^(1/16) times too large."""
    root = len(matrix[0]) ** 0.5  # avoids overflow in single precision
    # lambda^16 is at most ||M^8||_F^2, summed over all members.
    power = matrix / root
    for _ in range(3):
        power = power @ power
    return root * float(np.vdot(power, power)) ** (1.0 / 16.0)


def _solve_faces(matrix: np.ndarray, lower: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Solve exactly for the variables above their bounds, if the result is feasible."""
    v = np.maximum(v.astype(np.float64), lower)
    for G, bounds, rows in zip(matrix, lower, v, strict=True):
        for bound, row in zip(bounds, rows, strict=True):
            is_free = row > bound
            if not is_free.any():
                continue
            held = np.where(is_free, 0.0, bound)
            pull = (G @ held)[is_free]
            solution = np.linalg.solve(G[np.ix_(is_free, is_free)], -pull)
            # Otherwise the active constraints are wrong, and descent must change them.
            if (solution >= bound[is_free]).all():
                row[is_free] = solution
    return v
