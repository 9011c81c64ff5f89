"""Accelerated proximal gradient steps, for any penalty with a proximal step."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.penalties import Penalty
from sklearn_mtl.solvers._certificate import (
    Problem,
    Scales,
    Solution,
    certify,
)

__all__ = ["fista"]

#: Iterations between two certificates, which cost about as much as an iteration.
CHECK_EVERY = 10


class _Smooth:
    """Data term plus the quadratic part of the penalty, over W or stacked parts."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        matrix, rest = problem.penalty.split(problem.columns)
        self.matrix, self.rest = matrix, rest
        n_parts = problem.shape[0] if len(problem.shape) == 3 else 1
        self.lipschitz = n_parts * problem.datafit.lipschitz()
        if matrix is not None:
            self.lipschitz += float(np.linalg.eigvalsh(matrix)[-1])
        self.lipschitz = max(self.lipschitz, np.finfo(float).tiny)

    def evaluate(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Return value and gradient with respect to W, which all parts share."""
        W = self.problem.total(point)
        evaluation = self.problem.datafit.evaluate(W)
        if self.matrix is None:
            return evaluation.value, evaluation.gradient
        pull = W @ self.matrix
        value = evaluation.value + 0.5 * float(np.vdot(pull, W))
        return value, evaluation.gradient + pull


def fista(
    problem: Problem,
    start: np.ndarray | None = None,
    *,
    tol: float = 1e-6,
    max_iter: int = 10000,
) -> Solution:
    """Minimise by accelerated proximal gradient steps with adaptive restart.

    Parameters
    ----------
    problem : Problem
        Data term, penalty with a proximal step, layout.
    start : ndarray, default=None
        First point; zeros if None.
    tol : float, default=1e-6
        Stop where the certificate meets this.
    max_iter : int, default=10000
        Most iterations.

    Returns
    -------
    Solution
        The point with its certificate.

    References
    ----------
    .. [1] A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for
       linear inverse problems", SIAM Journal on Imaging Sciences 2, 2009.
    .. [2] B. O'Donoghue, E. Candes, "Adaptive restart for accelerated gradient
       schemes", Foundations of Computational Mathematics 15, 2015.
    """
    smooth, scales = _Smooth(problem), Scales(problem)
    point = np.zeros(problem.shape) if start is None else start.copy()
    best = certify(problem, point, scales=scales)
    ahead, momentum, n_iter = point, 1.0, 0
    while n_iter < max_iter and not best.is_met(tol):
        for _ in range(CHECK_EVERY):
            new = _step(smooth, problem, ahead)
            turned = np.vdot(ahead - new, new - point) > 0.0
            grown = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
            factor = 0.0 if turned else (momentum - 1.0) / grown
            momentum = 1.0 if turned else grown
            ahead = new + factor * (new - point)
            point = new
        n_iter += CHECK_EVERY
        best = certify(problem, point, scales=scales)
    return Solution(point, best, n_iter)


def _step(smooth: _Smooth, problem: Problem, ahead: np.ndarray) -> np.ndarray:
    """Return the proximal gradient step; the step length shrinks where it must."""
    value, gradient = smooth.evaluate(ahead)
    while True:
        step = 1.0 / smooth.lipschitz
        new = _prox(smooth.rest, problem, ahead - step * gradient, step)
        move = new - ahead
        model = value + float(np.sum(gradient * move))
        model += 0.5 * smooth.lipschitz * float(np.vdot(move, move))
        found = smooth.evaluate(new)[0]
        if found <= model + 1e-12 * abs(value):
            return new
        smooth.lipschitz *= 1.5


def _prox(
    rest: Penalty | None, problem: Problem, point: np.ndarray, step: float
) -> np.ndarray:
    return point if rest is None else rest.prox(point, step, problem.columns)
