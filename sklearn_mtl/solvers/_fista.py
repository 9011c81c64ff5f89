"""Accelerated proximal gradient descent for any penalty with a proximal operator."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import Evaluation
from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import (
    Problem,
    Scales,
    Solution,
    certify,
)
from sklearn_mtl.solvers._free import FreeDirections

__all__ = ["Fista", "fista"]

#: Largest and smallest number of iterations between two certificates. A certificate
#: costs about as much as two iterations.
CHECK_EVERY, CHECK_AFTER = 10, 3
#: Largest number of iterations between certificates if unpenalised directions are
#: refitted. A refit costs as much as ten or twenty iterations.
REFIT_EVERY = 40


class _Descent:
    """State of a descent on the smooth part, over W or the stacked parts."""

    # The data term is evaluated at the start and at the end of a step.

    def __init__(self, problem: Problem, point: np.ndarray) -> None:
        self.problem, self.point, self.ahead = problem, point, point
        matrix, rest = problem.penalty.split(problem.columns)
        self.matrix, self.rest = matrix, rest
        # If all parts move equally, f(sum_k V_k) has n_parts times the curvature of f.
        n_parts = problem.shape[0] if len(problem.shape) == 3 else 1
        self.lipschitz = n_parts * self.curvature()
        if matrix is not None:
            self.lipschitz += float(np.linalg.eigvalsh(matrix)[-1])
        self.lipschitz = max(self.lipschitz, np.finfo(float).tiny)

    def curvature(self) -> float:
        """Return a first guess of the Lipschitz constant of the data term."""
        return self.problem.datafit.lipschitz()

    def pull(self, W: np.ndarray) -> np.ndarray | float:
        """Return the gradient of the quadratic part of the penalty."""
        return 0.0 if self.matrix is None else W @ self.matrix

    def evaluate(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Return value and gradient with respect to W, the same for all parts."""
        W = self.problem.total(point)
        evaluation, pull = self.problem.datafit.evaluate(W), self.pull(W)
        # With pull = W M the quadratic part of the penalty is <W, W M> / 2.
        value = evaluation.value + 0.5 * float(np.sum(pull * W))
        return value, evaluation.gradient + pull

    def prox(self, gradient: np.ndarray) -> np.ndarray:
        """Return the result of a proximal step from the extrapolated point."""
        step = 1.0 / self.lipschitz
        moved = self.ahead - step * gradient
        if self.rest is None:
            return moved
        return self.rest.checked_prox(moved, step, self.problem.columns)

    def step(self) -> np.ndarray:
        """Return the result of a step, with a smaller step size if necessary."""
        value, gradient = self.evaluate(self.ahead)
        while True:
            new = self.prox(gradient)
            move = new - self.ahead
            model = value + float(np.sum(gradient * move))
            model += 0.5 * self.lipschitz * float(np.vdot(move, move))
            found = self.evaluate(new)[0]
            # Near the minimum the difference is smaller than the rounding error of the
            # loss.
            if found <= model + 1e-12 * abs(value):
                return new
            self.lipschitz *= 1.5

    def advance(self, new: np.ndarray, factor: float) -> None:
        """Move to a new point, and extrapolate from it along the last move."""
        self.ahead = new + factor * (new - self.point)
        self.point = new

    def shift(self, move: np.ndarray) -> None:
        """Add a move to the point and to the extrapolated point."""
        self.point, self.ahead = self.point + move, self.ahead + move

    def refresh(self, evaluation: Evaluation) -> None:
        """Update the state with an evaluation at the point."""


class _QuadraticDescent(_Descent):
    """Descent for squared errors, whose gradient is affine in W."""

    # A step needs one product with the Gram matrices. It gives the curvature along the
    # move, and all further gradients follow from it.

    def __init__(self, problem: Problem, point: np.ndarray, here: Evaluation) -> None:
        self.datafit = problem.datafit
        super().__init__(problem, point)
        self.slope = here.gradient + self.pull(problem.total(point))
        self.slope_ahead = self.slope_new = self.slope

    def curvature(self) -> float:
        """Return the largest curvature of one coefficient, a lower bound."""
        return float(self.datafit.feature_lengths().max(initial=0.0)) ** 2

    def step(self) -> np.ndarray:
        """Return the result of a step, with a smaller step size if necessary."""
        while True:
            new = self.prox(self.slope_ahead)
            move = new - self.ahead
            V = self.problem.total(move)
            bend = self.datafit.apply(V) + self.pull(V)
            along, squared = float(np.vdot(V, bend)), float(np.vdot(move, move))
            if not along > (1.0 + 1e-12) * self.lipschitz * squared:
                self.slope_new = self.slope_ahead + bend
                return new
            # The curvature of one move is a lower bound of the Lipschitz constant.
            self.lipschitz = max(1.2 * self.lipschitz, 1.05 * along / squared)

    def advance(self, new: np.ndarray, factor: float) -> None:
        """Move to a new point, and extrapolate from it along the last move."""
        super().advance(new, factor)
        # The gradient is affine, so it extrapolates like the point.
        self.slope_ahead = self.slope_new + factor * (self.slope_new - self.slope)
        self.slope = self.slope_new

    def refresh(self, evaluation: Evaluation) -> None:
        """Remove the accumulated rounding errors from the gradients."""
        slope = evaluation.gradient + self.pull(self.problem.total(self.point))
        # Correct both gradients; a difference between them would double at every call.
        self.slope_ahead = self.slope_ahead + (slope - self.slope)
        self.slope = slope


class Fista(Solver):
    """Solver for any convex problem, used if no other solver supports it."""

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        """Return True, because any data term and penalty have what FISTA needs."""
        return True

    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        return fista(problem, start, scales=self.scales, tol=tol, max_iter=max_iter)


def fista(
    problem: Problem,
    start: np.ndarray | None = None,
    *,
    scales: Scales | None = None,
    tol: float = 1e-6,
    max_iter: int = 10000,
) -> Solution:
    """Minimise by accelerated proximal gradient descent with adaptive restart.

    For a log-loss, Newton steps minimise over the unpenalised directions before each
    certificate.

    References
    ----------
    .. [1] A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for
       linear inverse problems", SIAM Journal on Imaging Sciences 2, 2009.
    .. [2] B. O'Donoghue, E. Candes, "Adaptive restart for accelerated gradient
       schemes", Foundations of Computational Mathematics 15, 2015.
    """
    scales = Scales(problem.datafit) if scales is None else scales
    point = np.zeros(problem.shape) if start is None else start.copy()
    free = FreeDirections(problem, scales)
    n_iter, most = 0, CHECK_EVERY
    # Without a refit no multiple of the dual point is feasible, so there is no gap.
    if not free.is_empty:
        point = point + free.refit(point)
        n_iter, most = 1, REFIT_EVERY
    here = problem.datafit.evaluate(problem.total(point))
    best = certify(problem, point, here, scales)
    if problem.datafit.is_quadratic:
        descent: _Descent = _QuadraticDescent(problem, point, here)
    else:
        descent = _Descent(problem, point)
    momentum, n_steps = 1.0, CHECK_EVERY
    while n_iter < max_iter and not best.is_met(tol):
        n_steps = min(n_steps, max_iter - n_iter)
        for _ in range(n_steps):
            new = descent.step()
            # The gradient scheme of [2]: restart if a step goes against the last move.
            turned = np.vdot(descent.ahead - new, new - descent.point) > 0.0
            # Eq. 4.2 and 4.3 of [1].
            grown = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
            factor = 0.0 if turned else (momentum - 1.0) / grown
            momentum = 1.0 if turned else grown
            descent.advance(new, factor)
        n_iter += n_steps
        if not free.is_empty:
            descent.shift(free.refit(descent.point))
        here = problem.datafit.evaluate(problem.total(descent.point))
        before, best = best, certify(problem, descent.point, here, scales)
        n_steps = _steps_left(before.gap, best.gap, n_steps, most, tol)
        descent.refresh(here)
    return Solution(descent.point, best, n_iter)


def _steps_left(before: float, now: float, n_steps: int, most: int, tol: float) -> int:
    """Return the number of steps after which the gap is likely to be below tol."""
    if not tol < now < before:  # also if there is no gap (NaN)
        return most
    # Assume that the gap decreases geometrically.
    left = n_steps * np.log(now / tol) / np.log(before / now)
    return int(np.clip(1.2 * left + 1.0, CHECK_AFTER, most))
