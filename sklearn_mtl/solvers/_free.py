"""Refit of the unpenalised directions of a log-loss by Newton steps."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import LogLoss
from sklearn_mtl.penalties import frobenius
from sklearn_mtl.solvers._certificate import FREE_TOLERANCE, Problem, Scales
from sklearn_mtl.solvers._newton import Joint, descend, span

__all__ = ["FreeDirections"]

#: Largest number of Newton steps of a refit. At the end of a solve one or two suffice.
MAX_STEPS = 100


class FreeDirections:
    """Unpenalised directions of W, for one data term.

    At the minimum of the loss over these directions, the gradient along them is zero.
    Then minus the gradient is a feasible dual point of the penalty.

    Parameters
    ----------
    problem : Problem
        Cross-entropy data term, penalty and layout.
    scales : Scales
        Loss and gradient at zero.
    """

    def __init__(self, problem: Problem, scales: Scales) -> None:
        self.problem, self.datafit = problem, problem.datafit
        self.free = problem.penalty.free_directions(problem.columns)
        self.is_empty = not self.free.size or not self.datafit.has_logits
        if not self.is_empty:
            self.basis, datafit = span(self.datafit)  # type: ignore[arg-type]
            matrix = np.zeros((datafit.n_columns, datafit.n_columns))
            # If X has fewer rows than columns, work in a basis of the span of its rows.
            is_whole = self.basis is None
            unit = 1.0 / scales.lengths if is_whole else 1.0
            self.first = scales.slope if is_whole else scales.gradient
            self.joint = Joint(datafit, matrix, self.free @ self.free.T, unit)

    def refit(self, point: np.ndarray) -> np.ndarray:
        """Return the change of W, or of the stacked parts, that minimises the loss.

        Return zeros if the Newton steps do not converge. This happens if the logits are
        so large that the loss has no curvature.
        """
        problem = self.problem
        W = problem.total(point)
        datafit: LogLoss = self.datafit  # type: ignore[assignment]
        logits = datafit.logits(W)
        start = np.zeros((self.joint.datafit.n_features + 1, datafit.n_columns))
        # Stricter than the tolerance of the certificate, to meet it despite rounding.
        end = 0.1 * FREE_TOLERANCE * self.first
        V, _ = descend(self.joint, start, logits, self.first, end, MAX_STEPS)
        p = datafit.probabilities(logits + self.joint.fits(V))
        left = self.joint.pull(datafit.cells * (p - datafit.targets))
        # After an unfinished refit the dual point would still be infeasible.
        if frobenius(left) > FREE_TOLERANCE * self.first:
            return np.zeros_like(point)
        shift = self.joint.unit * V[:-1]
        shift = shift if self.basis is None else self.basis.T @ shift
        return self._share(shift)

    def _share(self, shift: np.ndarray) -> np.ndarray:
        """Return a change of W, split among the parts that are not penalised."""
        penalty = self.problem.penalty
        if not penalty.has_parts:
            return shift
        columns = self.problem.columns
        bases = [member.free_directions(columns) for member in penalty.members]
        # The split with the smallest norm, because the bases of several parts may
        # overlap.
        weights = np.linalg.pinv(np.hstack(bases))
        ends = np.cumsum([base.shape[1] for base in bases])[:-1]
        pairs = zip(bases, np.split(weights, ends), strict=True)
        return np.stack([shift @ weight.T @ base.T for base, weight in pairs])
