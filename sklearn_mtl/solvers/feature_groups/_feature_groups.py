"""Working sets for squared error with a penalty on norms of feature groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.datafits import SharedSamples
from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import Problem, Solution
from sklearn_mtl.solvers._fista import fista
from sklearn_mtl.solvers.feature_groups._group_cycles import Cycles
from sklearn_mtl.solvers.feature_groups._group_gap import GroupGauge, group_norms
from sklearn_mtl.solvers.feature_groups._group_newton import (
    FullGram,
    GroupProblem,
    WideGram,
    group_newton,
)
from sklearn_mtl.solvers.feature_groups._kernels import group_cycle
from sklearn_mtl.solvers.feature_groups._screen import Screen
from sklearn_mtl.solvers.feature_groups._working_set import WorkingSet, worst

__all__ = ["FeatureGroups"]

#: Above this fraction of features that cannot be screened, compute all gradients.
MANY = 0.15
#: Gap of the first solution, and of the next ones as a fraction of the current gap.
FIRST, INNER = 0.1, 0.1
#: Distance to optimality, relative to the largest moment, that is rounding error.
FLOOR = 1e-14


class FeatureGroups(Solver):
    """Solver for one or several alphas that reuses results between them.

    In Gram form all features are in the working set. Otherwise the features that
    violate optimality are added to it, and their products to its Gram matrix. Gradients
    are linear in the residual. The gradients at the last two residuals therefore give
    those at a new one, up to ||x_j|| times the norm of the part that they do not span.
    A feature whose gradient must be within its bound is not evaluated.

    Parameters
    ----------
    datafit : GramQuadratic or SampleQuadratic
        The data term, with the same samples and weights for all tasks.
    """

    def __init__(self, datafit: Any) -> None:
        super().__init__(datafit)
        self.W = np.zeros((datafit.n_features, datafit.n_columns))
        # Alphas and the members' coefficients of the last two solutions.
        self.solved: list[tuple[float, np.ndarray]] = []
        self.kernel = group_cycle()
        self.set = WorkingSet(datafit)
        tiny = float(np.finfo(float).tiny)
        self.slope = max(float(np.linalg.norm(self.set.B)), tiny)
        if not datafit.has_gram:
            self.loss = max(0.5 * float(np.vdot(datafit.z, datafit.z)), tiny)
            self.lengths = datafit.feature_lengths()
            self.screen = Screen(datafit.z, self.set.B)
        else:
            self.loss = max(datafit.constant, tiny)

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether tasks share samples and the penalty has norms of groups."""
        datafit = problem.datafit
        form = problem.penalty.feature_group_form(datafit.n_features)
        is_used = form is not None and bool(form[0].any())
        return datafit.is_quadratic and datafit.has_shared_samples and is_used

    @property
    def operator(self) -> SharedSamples | None:
        """The operator of the samples, None in Gram form."""
        return self.set.operator

    @property
    def members(self) -> np.ndarray:
        """Indices of the features in the working set."""
        return self.set.members

    def _first(self) -> np.ndarray | None:
        """Return None: `_predict` continues the path of the last solutions."""
        return None

    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        groups, ridge = problem.feature_group_form
        if start is not None:
            self.W = start.copy()
            self.set.extend(np.flatnonzero(start.any(axis=1)))
        else:
            self._predict(float(groups.max()))
        descend = self._newton if self.kernel is None else self._cycle
        total, goal = 0, tol if self.solved or self.operator is None else FIRST
        while True:
            gauge = self._gauge(groups, ridge)
            U, n_iter = descend(gauge, goal, max_iter)
            total += n_iter
            features, lengths = self._outside(groups)
            others = lengths, groups[features]
            certificate = gauge.certify(self.W[self.members], U, others)
            if certificate.gap <= tol or goal < 1e-3 * tol or total >= max_iter:
                break
            added = worst(lengths / groups[features], int(self.W.any(axis=1).sum()))
            self.set.extend(features[added])
            if len(added):
                goal = max(INNER * certificate.gap, tol)
            else:
                # No feature is missing, so the remaining gap is that of the working
                # set.
                goal = 0.1 * goal if goal <= tol else tol
        if certificate.gap > tol and total < max_iter:
            # Newton steps fail if more features are used than the rank of G.
            rest = fista(problem, self.W, tol=tol, max_iter=max_iter - total)
            self.W, certificate = rest.point, rest.certificate
            self.set.extend(np.flatnonzero(self.W.any(axis=1)))
            total += rest.n_iter
        here = float(groups.max()), self.W[self.members]
        self.solved = [*self.solved[-1:], here]
        return Solution(self.W.copy(), certificate, max(total, 1))

    def _gauge(self, groups: np.ndarray, ridge: float) -> GroupGauge:
        some = self.members
        return GroupGauge(self.set.B[some], groups[some], ridge, self.loss, self.slope)

    def _predict(self, alpha: float) -> None:
        """Extrapolate the last two solutions linearly to a new alpha."""
        if len(self.solved) < 2:
            return
        (first, old), (last, new) = self.solved
        # Extrapolate only towards smaller alphas, and at most two steps ahead.
        if not 0.0 < last - alpha <= 2.0 * (first - last):
            return
        # Members are only added at the end, so the old ones come first.
        new, some = new[: len(old)], self.members[: len(old)]
        ahead = new + (last - alpha) / (first - last) * (new - old)
        # A group that would change its direction has probably become zero.
        keeps = np.einsum("jt,jt->j", old, new) > 0.0
        keeps &= np.einsum("jt,jt->j", ahead, new) > 0.0
        self.W[some[keeps]] = ahead[keeps]

    def _newton(
        self, gauge: GroupGauge, goal: float, max_iter: int
    ) -> tuple[np.ndarray, int]:
        """Solve on the working set by Newton steps; return minus the gradient."""
        some, part = self.members, self.set
        U, n_iter = gauge.B, 0
        if len(some):
            step = 1.0 / max(part.bound() + gauge.ridge, 1e-300)
            G = FullGram(part.gram) if part.has_gram else WideGram(part.columns)
            problem = GroupProblem(G, gauge.B, gauge.groups, gauge.ridge, step)
            self.W[some], U, n_iter = group_newton(
                problem,
                self.W[some],
                FLOOR * float(np.abs(gauge.B).max()),
                min(max_iter, 200),
                lambda W, U: gauge.gap(W, U) <= goal,
            )
        if self.operator is not None:
            self.residual = part.residual(self.W[some])
        return U, n_iter

    def _cycle(
        self, gauge: GroupGauge, goal: float, max_iter: int
    ) -> tuple[np.ndarray, int]:
        """Solve on the working set by compiled cycles; return minus the gradient."""
        some, part = self.members, self.set
        if not len(some):
            self.residual = part.residual(self.W[some])
            return gauge.B, 0
        assert self.kernel is not None  # checked by _solve
        W, target = self.W[some], part.target
        if part.has_gram:
            R = target - W.T @ part.gram
        else:
            R = np.ascontiguousarray(part.residual(W).T)
        cycles = Cycles(
            self.kernel,
            part.rows,
            part.squares,
            target,
            gauge.groups,
            gauge.ridge,
            part.has_gram,
        )
        W, R, n_iter = cycles.descend(
            W,
            R,
            FLOOR * float(np.abs(gauge.B).max()),
            max_iter,
            lambda W, U: gauge.gap(W, U) <= goal,
        )
        self.W[some] = W
        if part.has_gram:
            if self.operator is not None:
                self.residual = part.residual(W)
            return R.T, n_iter
        self.residual = R.T
        return part.columns @ R.T, n_iter

    def _outside(self, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return features that may violate optimality, and norms of their gradients."""
        if self.operator is None:
            return np.zeros(0, dtype=np.intp), np.zeros(0)
        near, error = self.screen.estimate(self.residual)
        # ||x_j' R|| <= ||x_j' R0|| + ||x_j|| ||R - R0||_2 for any known residual R0.
        is_doubtful = near + self.lengths * error > groups
        is_doubtful[self.members] = False
        features = np.flatnonzero(is_doubtful)
        if error == 0.0:
            return features, near[features]
        if len(features) <= MANY * len(groups):
            some = self.operator.restrict(features)
            return features, group_norms(some.adjoint(self.residual))
        lengths = self.screen.add(self.residual, self.operator.adjoint(self.residual))
        return features, lengths[features]
