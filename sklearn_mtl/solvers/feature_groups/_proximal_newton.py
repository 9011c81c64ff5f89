"""Proximal Newton steps for a log-loss with sum_j a_j ||W_j||."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import Evaluation, LogLoss
from sklearn_mtl.solvers._anderson import anderson_weights, mixture
from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import Problem, Solution, certify
from sklearn_mtl.solvers.feature_groups._group_cycles import Cycles
from sklearn_mtl.solvers.feature_groups._group_newton import (
    FullGram,
    GroupProblem,
    group_newton,
)
from sklearn_mtl.solvers.feature_groups._kernels import group_cycle
from sklearn_mtl.solvers.feature_groups._working_set import gram_bound

__all__ = ["ProximalNewton"]

#: Largest number of features, without and with the compiled loop. Above it a quadratic
#: model costs more than it saves.
MAX_FEATURES = (300, 3000)
#: Largest number of multiplications for recomputing the Gram matrix at every step.
MAX_PRODUCTS = 5e7
#: Number of points that an extrapolation combines.
MEMORY = 4
#: Tolerance of the solution of a model, as a fraction of the distance to optimality.
INNER = 0.03


class ProximalNewton(Solver):
    """Solver for a log-loss whose curvature is similar for all tasks.

    The Hessian of every column is approximated by the Gram matrix of the samples times
    the mean of p (1 - p). A step is then a squared-error problem with one Gram matrix.
    If the step does not decrease the objective, the curvature is increased.

    References
    ----------
    .. [1] J. D. Lee, Y. Sun, M. A. Saunders, "Proximal Newton-type methods for
       minimizing composite functions", SIAM Journal on Optimization 24, 2014.
    """

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether features are few and sample weights equal for all tasks."""
        datafit = problem.datafit
        is_log_loss = datafit.has_logits and datafit.has_shared_samples
        is_small = datafit.n_features <= MAX_FEATURES[group_cycle() is not None]
        return is_log_loss and is_small and problem.is_group_sparse

    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        datafit, penalty, columns = self.datafit, problem.penalty, problem.columns
        model = _Model(datafit, *problem.feature_group_form)
        W = np.zeros(problem.shape) if start is None else start.copy()
        raised, n_iter, visited = 1.0, 0, [W]
        here, bend = _look(datafit, W)
        value = here.value + penalty.value(W, columns)
        certificate = certify(problem, W, here, self.scales)
        while n_iter < max_iter and not certificate.is_met(tol):
            n_iter += 1
            model.bend(bend)
            distance = certificate.optimality * self.scales.gradient
            new = model.minimise(W, here.gradient, raised, INNER * distance)
            there, found_bend = _look(datafit, new)
            found = there.value + penalty.value(new, columns)
            if found > value + 1e-13 * abs(value):
                if raised > 1e6:  # no further descent in double precision
                    break
                # The curvature of the model is smaller than that of the loss between
                # both points.
                raised *= 2.0
                continue
            W, here, bend, value = new, there, found_bend, found
            raised = max(0.7 * raised, 1.0)
            visited.append(W)
            if len(visited) > MEMORY:
                mixed = mixture(anderson_weights(visited), visited)
                there, found_bend = _look(datafit, mixed)
                found = there.value + penalty.value(mixed, columns)
                if found < value:
                    W, here, bend, value = mixed, there, found_bend, found
                visited = [W]
            certificate = certify(problem, W, here, self.scales)
        return Solution(W, certificate, max(n_iter, 1))


def _look(datafit: LogLoss, W: np.ndarray) -> tuple[Evaluation, np.ndarray]:
    """Return the data term at W, and the mean curvature of each sample."""
    logits = datafit.logits(W)
    p = datafit.probabilities(logits)
    bend = datafit.weights[:, 0] * np.einsum("ic,ic->i", p, 1.0 - p) / p.shape[1]
    return datafit.evaluation(logits, p), bend


class _Model:
    """Quadratic model of the log-loss at a point, with one Gram matrix."""

    def __init__(self, datafit: LogLoss, groups: np.ndarray, ridge: float) -> None:
        self.groups, self.ridge = groups, ridge
        self.X, self.weights = datafit.X, datafit.weights[:, 0]
        self.on = float(datafit.fit_intercept)
        self.kernel = group_cycle()
        # Samples far from all decision boundaries have little curvature. If a new Gram
        # matrix is expensive, all samples get the same curvature.
        self.is_cheap = self.X.size * self.X.shape[1] <= MAX_PRODUCTS
        self.G = np.empty((0, 0))

    def bend(self, weights: np.ndarray) -> None:
        """Set the curvature of each sample, or their mean."""
        total = max(float(weights.sum()), 1e-6 * float(self.weights.sum()))
        if self.is_cheap:
            self.G = self._gram(np.maximum(weights, 1e-3 * total / len(weights)))
            self.scale = 1.0
            return
        if not len(self.G):
            self.G = self._gram(self.weights / self.weights.sum())
        self.scale = total

    def _gram(self, weights: np.ndarray) -> np.ndarray:
        mean = self.on * (weights @ self.X) / weights.sum()
        rows = np.sqrt(weights)[:, None] * (self.X - mean)
        return rows.T @ rows

    def minimise(
        self, W: np.ndarray, gradient: np.ndarray, raised: float, tol: float
    ) -> np.ndarray:
        """Return the minimiser of the model at W, with its curvature increased."""
        scale = raised * self.scale
        a, c, pull = self.groups / scale, self.ridge / scale, gradient / scale
        # Convert the norm over all groups to one group, in units of the scaled model.
        tol = tol / scale / np.sqrt(len(W))
        B = self.G @ W - pull
        if self.kernel is not None:
            squares, target = self.G.diagonal().copy(), np.ascontiguousarray(B.T)
            cycles = Cycles(self.kernel, self.G, squares, target, a, c, True)
            R = np.ascontiguousarray(-pull.T)
            return cycles.descend(W.copy(), R, tol, 1000)[0]
        step = 1.0 / max(gram_bound(self.G) + c, 1e-300)
        return group_newton(GroupProblem(FullGram(self.G), B, a, c, step), W, tol)[0]
