"""Working sets for any data term with a penalty on norms of feature groups."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.penalties import L21
from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import Problem, Solution, certify
from sklearn_mtl.solvers._fista import Fista
from sklearn_mtl.solvers.feature_groups._group_gap import group_norms
from sklearn_mtl.solvers.feature_groups._proximal_newton import ProximalNewton
from sklearn_mtl.solvers.feature_groups._working_set import worst

__all__ = ["Restricted"]

#: Up to this number of features no working set is used.
FEW = 50
MAX_SETS = 30
#: Solvers of the problem on the working set; the first that supports it is used.
INNER: tuple[type[Solver], ...] = (ProximalNewton, Fista)


class Restricted(Solver):
    """Solver for any restrictable data term with a penalty on many feature groups."""

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether the penalty is group-sparse and there are many features."""
        datafit = problem.datafit
        is_large = datafit.can_restrict and datafit.n_features > FEW
        return is_large and problem.is_group_sparse

    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        groups, ridge = problem.feature_group_form
        W = np.zeros(problem.shape) if start is None else start.copy()
        total, precision = 0, 0.3
        members = np.flatnonzero(W.any(axis=1))
        for _ in range(MAX_SETS):
            here = problem.datafit.evaluate(W)
            certificate = certify(problem, W, here, self.scales)
            if certificate.is_met(tol) or total >= max_iter:
                return Solution(W, certificate, max(total, 1))
            violations = group_norms(here.gradient) / groups
            violations[members] = 0.0
            grown = np.append(members, worst(violations, int(W.any(axis=1).sum())))
            # No feature is missing, so only a more precise solution can reduce the gap.
            precision = 0.3 if len(grown) > len(members) else 0.1 * precision
            members = grown
            # The features left out may account for a small part of the gap, or for all
            # of it.
            floor = 0.3 if precision > 1e-3 else 1e-3
            goal = max(precision * certificate.gap, floor * tol)
            part = _part(problem, groups[members], ridge, members)
            solver = next(s for s in INNER if s.supports(part)).prepare(part.datafit)
            solution = solver.solve(part, W[members], tol=goal, max_iter=max_iter)
            W = np.zeros_like(W)
            W[members] = solution.point
            total += solution.n_iter
        return Solution(W, certify(problem, W, scales=self.scales), max(total, 1))


def _part(
    problem: Problem, groups: np.ndarray, ridge: float, members: np.ndarray
) -> Problem:
    """Return the problem restricted to some features with these weights."""
    # With a = alpha l1_ratio f and ridge = alpha (1 - l1_ratio).
    penalty = L21(1.0 + ridge, 1.0 / (1.0 + ridge), groups)
    return Problem(problem.datafit.restrict(members), penalty, problem.columns)
