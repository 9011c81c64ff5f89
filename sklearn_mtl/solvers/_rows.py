"""Solver for squared error with a penalty on the lengths of rows: working sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.datafits import GramQuadratic, RowQuadratic
from sklearn_mtl.solvers._certificate import Certificate, Problem, Scales, Solution
from sklearn_mtl.solvers._closed_form import has_spectrum
from sklearn_mtl.solvers._row_newton import RowProblem, row_newton

__all__ = ["RowSolver", "solves_rows"]

#: Working sets that are tried for one strength before the solver gives up.
MAX_SETS = 50
#: With a part of the features above this in doubt, all gradients are taken anew.
MANY = 0.3


def solves_rows(problem: Problem) -> bool:
    """Whether the penalty is one on rows and all tasks share their rows."""
    form = problem.penalty.row_form(problem.datafit.n_features)
    is_used = form is not None and bool(form[0].any())
    return is_used and has_spectrum(problem.datafit)


class RowSolver:
    """Solutions at one or many strengths, with what they have in common kept.

    In Gram form all features are the working set. Else it grows by the features that
    violate optimality, and their Gram matrix with them. A feature whose gradient cannot
    have reached its bound since it was last computed, by ||x_j|| times the change of
    the residual, is not looked at again: one full gradient serves several strengths.

    Parameters
    ----------
    datafit : GramQuadratic or RowQuadratic
        The data term, with the same rows and weights for all tasks.
    """

    def __init__(self, datafit: GramQuadratic | RowQuadratic) -> None:
        self.datafit = datafit
        n_features, n_tasks = datafit.n_features, datafit.n_columns
        self.W = np.zeros((n_features, n_tasks))
        self.scales: Scales | None = None
        if isinstance(datafit, GramQuadratic):
            self.X, self.B = None, datafit.B
            self.members = np.arange(n_features)
            self.G = datafit.G
            self.bound = datafit.lipschitz()
            return
        self.X = datafit.operator.X  # type: ignore[attr-defined]
        self.B = self.X.T @ datafit.z
        self.members = np.zeros(0, dtype=np.intp)
        self.G = np.zeros((0, 0))
        self.bound = 0.0
        self.lengths = datafit.row_bounds()
        # Row norms of the gradient at the reference residual.
        self.reference, self.known = datafit.z, _norms(self.B)

    def solve(
        self,
        problem: Problem,
        start: np.ndarray | None,
        tol: float,
        max_iter: int,
    ) -> Solution:
        """Return the solution, from the last one if no start is given."""
        form = problem.penalty.row_form(self.datafit.n_features)
        assert form is not None  # the caller asked
        groups, ridge = form
        if start is not None:
            self.W = start.copy()
            self._extend(np.flatnonzero(start.any(axis=1)))
        if self.scales is None:
            self.scales = Scales(problem)
        total, precision = 0, min(1e-2, np.sqrt(tol))
        for _ in range(MAX_SETS):
            total += self._descend(groups, ridge, precision, max_iter)
            U, others = self._dual_point(groups)
            certificate = self._certify(groups, ridge, U)
            if not len(others) and (certificate.gap <= tol or precision < 1e-13):
                break
            if total >= max_iter:
                break
            self._extend(others)
            precision = precision if len(others) else 0.03 * precision
        return Solution(self.W.copy(), certificate, max(total, 1))

    def _descend(
        self, groups: np.ndarray, ridge: float, precision: float, max_iter: int
    ) -> int:
        """Solve on the working set; return the number of steps."""
        some = self.members
        if not len(some):
            return 0
        part = RowProblem(
            self.G,
            self.B[some],
            groups[some],
            ridge,
            1.0 / max(self.bound + ridge, 1e-300),
            None if self.X is None else self.X[:, some],
        )
        scale = float(np.abs(groups[some]).max())
        self.W[some], n_iter = row_newton(
            part, self.W[some], precision * scale, min(max_iter, 200)
        )
        return n_iter

    def _dual_point(self, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return minus the gradient on the members, and other rows that violate.

        Members come first in what `_certify` reads; a row outside that does not violate
        does not limit the dual point.
        """
        some = self.members
        if self.X is None:
            return self.B - self.datafit.apply(self.W), np.zeros(0, dtype=np.intp)
        residual = self.datafit.residual(self.W)  # type: ignore[union-attr]
        self.residual = residual
        moved = np.linalg.norm(residual - self.reference, 2) if residual.size else 0.0
        is_doubtful = self.known + self.lengths * moved > groups
        is_doubtful[some] = False
        rows = np.flatnonzero(is_doubtful)
        if len(rows) > MANY * len(groups):
            self.reference, self.known = residual, _norms(self.X.T @ residual)
            rows = np.flatnonzero((self.known > groups) & is_doubtful)
            violations = self.known[rows] / groups[rows]
        elif len(rows):
            violations = _norms(self.X[:, rows].T @ residual) / groups[rows]
            keep = violations > 1.0
            rows, violations = rows[keep], violations[keep]
        # The worst first, and not more at once than double the set.
        most = max(2 * int(self.W.any(axis=1).sum()), 20)
        rows = rows[np.argsort(-violations)[:most]] if len(rows) else rows
        return self.X[:, some].T @ residual, rows

    def _certify(self, groups: np.ndarray, ridge: float, U: np.ndarray) -> Certificate:
        """Return the certificate, rows outside the working set taken as feasible."""
        assert self.scales is not None
        some = self.members
        W, a = self.W[some], groups[some]
        norms, lengths = _norms(U), _norms(W)
        squared, target, value = self._loss(U)
        value += float(a @ lengths) + 0.5 * ridge * float(np.vdot(W, W))
        if ridge > 0.0:
            excess = np.maximum(norms - a, 0.0)
            scale, conjugate = 1.0, float(excess @ excess) / (2.0 * ridge)
        else:
            scale = min(1.0, 1.0 / max(float((norms / a).max(initial=0.0)), 1e-300))
            conjugate = 0.0
        dual = scale * target - 0.5 * scale**2 * squared - conjugate
        gap = max(value - dual, 0.0) / self.scales.loss
        safe = np.where(lengths > 0, lengths, 1.0)
        inside = _norms(ridge * W - U + a[:, None] * W / safe[:, None])
        distance = np.where(lengths > 0, inside, np.maximum(norms - a, 0.0))
        optimality = float(np.sqrt(distance @ distance)) / self.scales.gradient
        return Certificate(value, gap, optimality)

    def _loss(self, U: np.ndarray) -> tuple[float, float, float]:
        """Return <r, r>, <r, z> and the loss at W."""
        if self.X is not None:
            squared = float(np.vdot(self.residual, self.residual))
            z = self.datafit.z  # type: ignore[union-attr]
            return squared, float(np.vdot(self.residual, z)), 0.5 * squared
        constant = self.datafit.constant  # type: ignore[union-attr]
        linear = float(np.vdot(self.W, self.B))
        quadratic = linear - float(np.vdot(self.W, U))
        target = 2.0 * constant - linear
        squared = quadratic - linear + target
        return squared, target, 0.5 * squared

    def _extend(self, rows: np.ndarray) -> None:
        """Add features to the working set and their products to its Gram matrix."""
        rows = np.setdiff1d(rows, self.members)
        if not len(rows):
            return
        X: Any = self.X
        new, k = X[:, rows], len(self.members)
        G = np.empty((k + len(rows), k + len(rows)))
        G[:k, :k] = self.G
        G[:k, k:] = X[:, self.members].T @ new
        G[k:, :k] = G[:k, k:].T
        G[k:, k:] = new.T @ new
        self.G, self.members = G, np.concatenate([self.members, rows])
        self.bound = _largest_eigenvalue(G)


def _largest_eigenvalue(G: np.ndarray) -> float:
    """Return a bound of the largest eigenvalue, by power iteration and a margin."""
    if len(G) <= 50:
        return float(np.linalg.eigvalsh(G)[-1])
    v = np.random.default_rng(0).standard_normal(len(G))
    for _ in range(20):
        v = G @ (v / np.linalg.norm(v))
    return 1.1 * float(np.linalg.norm(v))


def _norms(W: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("jt,jt->j", W, W))
