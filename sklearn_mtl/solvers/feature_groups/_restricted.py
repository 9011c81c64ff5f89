"""Working sets for any data term with a penalty on norms of feature groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.penalties import L21
from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import Problem, Scales, Solution, certify
from sklearn_mtl.solvers._fista import fista
from sklearn_mtl.solvers.feature_groups._proximal_newton import (
    descend_models,
    suits_models,
)

__all__ = ["Restricted"]

#: Below this number of features all are taken at once.
FEW = 50
MAX_SETS = 30


class Restricted(Solver):
    """Any data term that can be restricted, with a penalty on many feature groups."""

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether feature groups are independent, thresholded, and many."""
        n_features = problem.datafit.n_features
        form = problem.penalty.feature_group_form(n_features)
        is_sparse = form is not None and bool((form[0] > 0).all())
        return problem.datafit.can_restrict and is_sparse and n_features > FEW

    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        return solve_restricted(
            problem, start, scales=self.scales, tol=tol, max_iter=max_iter
        )


def solve_restricted(
    problem: Problem,
    start: np.ndarray | None = None,
    *,
    scales: Scales,
    tol: float,
    max_iter: int,
) -> Solution:
    """Minimise over the groups that are used or violate optimality, until none does.

    Shapes: start (n_features, n_columns).
    """
    form = problem.penalty.feature_group_form(problem.datafit.n_features)
    assert form is not None  # the caller asked
    groups = form[0]
    W = np.zeros(problem.shape) if start is None else start.copy()
    total, precision = 0, 0.3
    members = np.flatnonzero(W.any(axis=1))
    for _ in range(MAX_SETS):
        here = problem.datafit.evaluate(W)
        certificate = certify(problem, W, here, scales)
        if certificate.is_met(tol) or total >= max_iter:
            return Solution(W, certificate, max(total, 1))
        grown = _grow(members, here.gradient, groups, W)
        precision = 0.3 if len(grown) > len(members) else 0.1 * precision
        members = grown
        # The features left out may take a little of the gap, or all that is left.
        floor = 0.3 if precision > 1e-3 else 1e-3
        goal = max(precision * certificate.gap, floor * tol)
        solution = _solve_part(problem, W, members, scales, goal, max_iter)
        W = np.zeros_like(W)
        W[members] = solution.point
        total += solution.n_iter
    return Solution(W, certify(problem, W, scales=scales), max(total, 1))


def _grow(
    members: np.ndarray, gradient: np.ndarray, groups: np.ndarray, W: np.ndarray
) -> np.ndarray:
    """Return the members and the worst violators, at most doubling the groups used."""
    most = max(2 * int(W.any(axis=1).sum()), len(W) // 20, 20)
    violation = np.sqrt(np.einsum("jt,jt->j", gradient, gradient)) / groups
    violation[members] = 0.0
    worst = np.argsort(-violation, kind="stable")[:most]
    return np.concatenate([members, worst[violation[worst] > 1.0]])


def _solve_part(
    problem: Problem,
    W: np.ndarray,
    members: np.ndarray,
    scales: Scales,
    tol: float,
    max_iter: int,
) -> Solution:
    """Return the solution on some features alone."""
    groups, ridge = problem.penalty.feature_group_form(len(W))  # type: ignore[misc]
    # alpha and l1_ratio so that a = alpha l1_ratio f and ridge = alpha (1 - l1_ratio).
    penalty = L21(1.0 + ridge, 1.0 / (1.0 + ridge), groups[members])
    datafit: Any = problem.datafit.restrict(members)
    part = Problem(datafit, penalty, problem.columns)
    if suits_models(datafit, part):
        return descend_models(
            datafit, part, W[members], scales, tol=tol, max_iter=max_iter
        )
    return fista(part, W[members], scales=scales, tol=tol, max_iter=max_iter)
