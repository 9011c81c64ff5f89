"""Solver for squared error with a penalty on the lengths of rows: working sets."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import CenteredRows, GramQuadratic, RowQuadratic
from sklearn_mtl.solvers._certificate import Problem, Solution
from sklearn_mtl.solvers._closed_form import has_spectrum
from sklearn_mtl.solvers._fista import fista
from sklearn_mtl.solvers._kernels import row_cycle
from sklearn_mtl.solvers._row_cycles import Cycles
from sklearn_mtl.solvers._row_gap import RowGauge, row_lengths
from sklearn_mtl.solvers._row_newton import RowProblem, row_newton
from sklearn_mtl.solvers._screen import Screen
from sklearn_mtl.solvers._working_set import WorkingSet

__all__ = ["RowSolver", "solves_rows"]

#: With a part of the features above this in doubt, all gradients are taken anew.
MANY = 0.15
#: Features this near their bound come along with those beyond it.
NEAR = 0.9
#: Features that the working set grows by at least, if so many are near their bound.
FEWEST = 50
#: Gap to reach first where nothing is known, and over what those outside leave.
FIRST, INNER = 0.1, 0.1
#: Distance to optimality, over the largest moment, that is rounding.
FLOOR = 1e-14


def solves_rows(problem: Problem) -> bool:
    """Whether the penalty is one on rows and all tasks share their rows."""
    form = problem.penalty.row_form(problem.datafit.n_features)
    is_used = form is not None and bool(form[0].any())
    return is_used and has_spectrum(problem.datafit)


class RowSolver:
    """Solutions at one or many strengths, with what they have in common kept.

    In Gram form all features are the working set. Else it grows by the features that
    violate optimality, and their Gram matrix with them. Gradients are linear in the
    residual: those of the last two residuals give this one's up to ||x_j|| times what
    they leave of it, and a feature that is safe by that is not looked at.

    Parameters
    ----------
    datafit : GramQuadratic or RowQuadratic
        The data term, with the same rows and weights for all tasks.
    """

    def __init__(self, datafit: GramQuadratic | RowQuadratic) -> None:
        self.datafit = datafit
        self.W = np.zeros((datafit.n_features, datafit.n_columns))
        # Strengths and the members' coefficients of the last two solutions.
        self.solved: list[tuple[float, np.ndarray]] = []
        self.kernel = row_cycle()
        self.set = WorkingSet(datafit)
        tiny = float(np.finfo(float).tiny)
        self.slope = max(float(np.linalg.norm(self.set.B)), tiny)
        if isinstance(datafit, RowQuadratic):
            self.loss = max(0.5 * float(np.vdot(datafit.z, datafit.z)), tiny)
            self.lengths = datafit.row_bounds()
            self.screen = Screen(datafit.z, self.set.B)
        else:
            self.loss = max(datafit.constant, tiny)

    @property
    def operator(self) -> CenteredRows | None:
        """The rows, None in Gram form."""
        return self.set.operator

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
        descend = self._newton if self.kernel is None else self._cycle
        total, goal = 0, tol if self.solved or self.operator is None else FIRST
        while True:
            gauge = self._gauge(groups, ridge)
            U, n_iter = descend(gauge, goal, max_iter)
            total += n_iter
            rows, lengths = self._outside(groups)
            others = lengths, groups[rows]
            certificate = gauge.certify(self.W[self.members], U, others)
            if certificate.gap <= tol or goal < 1e-3 * tol or total >= max_iter:
                break
            if self._grow(rows, lengths / groups[rows]):
                goal = max(INNER * certificate.gap, tol)
            else:
                goal = 0.1 * goal if goal <= tol else tol
        if certificate.gap > tol and total < max_iter:
            # Newton steps lead nowhere where more rows are used than G has rank.
            rest = fista(problem, self.W, tol=tol, max_iter=max_iter - total)
            self.W, certificate = rest.point, rest.certificate
            self.set.extend(np.flatnonzero(self.W.any(axis=1)))
            total += rest.n_iter
        here = float(groups.max()), self.W[self.members]
        self.solved = [*self.solved[-1:], here]
        return Solution(self.W.copy(), certificate, max(total, 1))

    def _gauge(self, groups: np.ndarray, ridge: float) -> RowGauge:
        some = self.members
        return RowGauge(self.set.B[some], groups[some], ridge, self.loss, self.slope)

    def _grow(self, rows: np.ndarray, violations: np.ndarray) -> bool:
        """Add the worst of the rows to the working set, if one is beyond its bound."""
        if not (violations > 1.0).any():
            return False
        # Not more at once than double the set.
        most = max(2 * int(self.W.any(axis=1).sum()), FEWEST)
        near = np.flatnonzero(violations > NEAR)
        worst = np.argsort(-violations[near], kind="stable")[:most]
        self.set.extend(rows[near[worst]])
        return True

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
        self, gauge: RowGauge, goal: float, max_iter: int
    ) -> tuple[np.ndarray, int]:
        """Solve on the working set by Newton steps; return minus the gradient there."""
        some, part = self.members, self.set
        U, n_iter = gauge.B, 0
        if len(some):
            step = 1.0 / max(part.bound() + gauge.ridge, 1e-300)
            G, columns = (part.gram, None) if part.has_gram else (None, part.columns)
            problem = RowProblem(G, gauge.B, gauge.groups, gauge.ridge, step, columns)
            self.W[some], U, n_iter = row_newton(
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
        self, gauge: RowGauge, goal: float, max_iter: int
    ) -> tuple[np.ndarray, int]:
        """Solve on the working set by compiled cycles; return minus the gradient."""
        some, part = self.members, self.set
        if not len(some):
            self.residual = part.residual(self.W[some])
            return gauge.B, 0
        assert self.kernel is not None  # solve() chose by this
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
        """Return features that may be out of bounds, and their gradients' lengths."""
        if self.operator is None:
            return np.zeros(0, dtype=np.intp), np.zeros(0)
        near, error = self.screen.estimate(self.residual)
        is_doubtful = near + self.lengths * error > groups
        is_doubtful[self.members] = False
        rows = np.flatnonzero(is_doubtful)
        if error == 0.0:
            return rows, near[rows]
        if len(rows) <= MANY * len(groups):
            some = self.operator.restrict(rows)
            return rows, row_lengths(some.adjoint(self.residual))
        lengths = self.screen.add(self.residual, self.operator.adjoint(self.residual))
        return rows, lengths[rows]
