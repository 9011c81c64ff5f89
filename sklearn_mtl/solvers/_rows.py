"""Solver for squared error with a penalty on the lengths of rows: working sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.datafits import GramQuadratic, RowQuadratic
from sklearn_mtl.solvers._certificate import Certificate, Problem, Scales, Solution
from sklearn_mtl.solvers._closed_form import has_spectrum
from sklearn_mtl.solvers._kernels import row_cycle
from sklearn_mtl.solvers._row_cycles import Cycles
from sklearn_mtl.solvers._row_newton import RowProblem, row_newton
from sklearn_mtl.solvers._working_set import WorkingSet

__all__ = ["RowSolver", "solves_rows"]

#: Working sets that are tried for one strength before the solver gives up.
MAX_SETS = 50
#: With a part of the features above this in doubt, all gradients are taken anew.
MANY = 0.15
#: With all gradients at hand, features this near their bound come along.
NEAR = 0.9


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
        self.W = np.zeros((datafit.n_features, datafit.n_columns))
        self.scales: Scales | None = None
        # Strengths and the members' coefficients of the last two solutions.
        self.solved: list[tuple[float, np.ndarray]] = []
        self.kernel = row_cycle()
        self.set = WorkingSet(datafit, needs_gram=self.kernel is None)
        if isinstance(datafit, RowQuadratic):
            self.lengths = datafit.row_bounds()
            # Row norms of the gradient at the reference residual.
            self.reference, self.known = datafit.z, _norms(self.set.B)

    @property
    def X(self) -> Any:
        """The rows, None in Gram form."""
        return self.set.X

    @property
    def members(self) -> np.ndarray:
        """The working set."""
        return self.set.members

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
            self.set.extend(np.flatnonzero(start.any(axis=1)))
        else:
            self._predict(float(groups.max()))
        if self.scales is None:
            self.scales = Scales(problem)
        descend = self._newton if self.kernel is None else self._cycle
        total, precision = 0, min(1e-2, np.sqrt(tol))
        for _ in range(MAX_SETS):
            U, n_iter = descend(groups, ridge, precision, max_iter)
            total += n_iter
            others = self._violators(groups)
            certificate = self._certify(groups, ridge, U)
            if not len(others) and (certificate.gap <= tol or precision < 1e-13):
                break
            if total >= max_iter:
                break
            self.set.extend(others)
            precision = precision if len(others) else 0.03 * precision
        here = float(groups.max()), self.W[self.members]
        self.solved = [*self.solved[-1:], here]
        return Solution(self.W.copy(), certificate, max(total, 1))

    def _predict(self, alpha: float) -> None:
        """Continue the line through the last two solutions to a new strength."""
        if len(self.solved) < 2:
            return
        (first, old), (last, new) = self.solved
        if not 0.0 < last - alpha <= 2.0 * (first - last):
            return
        # Members are only ever added, at the end.
        new, some = new[: len(old)], self.members[: len(old)]
        ahead = new + (last - alpha) / (first - last) * (new - old)
        keeps = np.einsum("jt,jt->j", old, new) > 0.0
        keeps &= np.einsum("jt,jt->j", ahead, new) > 0.0
        self.W[some[keeps]] = ahead[keeps]

    def _newton(
        self, groups: np.ndarray, ridge: float, precision: float, max_iter: int
    ) -> tuple[np.ndarray, int]:
        """Solve on the working set by Newton steps; return minus the gradient there."""
        some, part = self.members, self.set
        B, G = part.B[some], part.gram
        X = None if part.X is None else part.columns.T
        n_iter = 0
        if len(some):
            step = 1.0 / max(part.bound() + ridge, 1e-300)
            problem = RowProblem(G, B, groups[some], ridge, step, X)
            tol = precision * float(np.abs(groups[some]).max())
            self.W[some], n_iter = row_newton(
                problem, self.W[some], tol, min(max_iter, 200)
            )
        if X is None:
            return B - G @ self.W, n_iter
        self.residual = part.residual(self.W[some])
        return part.columns @ self.residual, n_iter

    def _cycle(
        self, groups: np.ndarray, ridge: float, precision: float, max_iter: int
    ) -> tuple[np.ndarray, int]:
        """Solve on the working set by compiled cycles; return minus the gradient."""
        some, part = self.members, self.set
        if not len(some):
            self.residual = part.residual(self.W[some])
            return part.B[some], 0
        assert self.kernel is not None  # solve() chose by this
        W, target, a = self.W[some], part.target, groups[some]
        if part.has_gram:
            R = target - W.T @ part.gram
        else:
            R = np.ascontiguousarray(part.residual(W).T)
        cycles = Cycles(
            self.kernel, part.rows, part.squares, target, a, ridge, part.has_gram
        )
        W, R, n_iter = cycles.descend(W, R, precision * float(a.max()), max_iter)
        self.W[some] = W
        if part.X is None:
            return R.T, n_iter
        if part.has_gram:
            self.residual = part.residual(W)
            return R.T, n_iter
        self.residual = R.T
        return part.columns @ R.T, n_iter

    def _violators(self, groups: np.ndarray) -> np.ndarray:
        """Return features outside the working set whose gradient is too long."""
        if self.X is None:
            return np.zeros(0, dtype=np.intp)
        moved = _spectral_norm(self.residual - self.reference)
        is_doubtful = self.known + self.lengths * moved > groups
        is_doubtful[self.members] = False
        rows = np.flatnonzero(is_doubtful)
        if len(rows) > MANY * len(groups):
            self.reference = self.residual
            self.known = _norms(self.X.T @ self.residual)
            rows = rows[self.known[rows] > NEAR * groups[rows]]
            violations = self.known[rows] / groups[rows]
        else:
            violations = _norms(self.X[:, rows].T @ self.residual) / groups[rows]
            rows, violations = rows[violations > 1.0], violations[violations > 1.0]
        if not (violations > 1.0).any():
            return rows[:0]
        # The worst first, and not more at once than double the set.
        most = max(2 * int(self.W.any(axis=1).sum()), 20)
        return rows[np.argsort(-violations)[:most]]

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
        linear = float(np.vdot(self.W, self.set.B))
        quadratic = linear - float(np.vdot(self.W, U))
        target = 2.0 * constant - linear
        squared = quadratic - linear + target
        return squared, target, 0.5 * squared


def _norms(W: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("jt,jt->j", W, W))


def _spectral_norm(A: np.ndarray) -> float:
    """Return the largest singular value of a tall matrix."""
    return float(np.sqrt(max(np.linalg.eigvalsh(A.T @ A)[-1], 0.0))) if A.size else 0.0
