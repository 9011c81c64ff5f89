"""Log-loss over the directions that nothing penalises: Newton steps to the minimum."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import LogLoss
from sklearn_mtl.penalties import frobenius
from sklearn_mtl.solvers._certificate import FREE_TOLERANCE, Problem, Scales
from sklearn_mtl.solvers._newton import Joint, descend, span

__all__ = ["FreeDirections"]

#: Most Newton steps a refit takes; at the end of a solve one or two are enough.
MAX_STEPS = 100


class FreeDirections:
    """The directions of W in which the penalty is constant, for one data term.

    Where the loss is least along them its gradient vanishes there: minus the gradient
    is then a dual point of a penalty that has no finite conjugate elsewhere.

    Parameters
    ----------
    problem : Problem
        A cross-entropy data term, the penalty, the layout.
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
            # Where the rows of X span less than its columns, in their basis.
            is_whole = self.basis is None
            unit = 1.0 / scales.lengths if is_whole else 1.0
            self.first = scales.slope if is_whole else scales.gradient
            self.joint = Joint(datafit, matrix, self.free @ self.free.T, unit)

    def refit(self, point: np.ndarray) -> np.ndarray:
        """Return what to add to W or the stacked parts to minimise the loss so.

        Zeros where Newton steps do not get there, from a point with logits so large
        that the loss has no curvature left.
        """
        problem = self.problem
        W = problem.total(point)
        datafit: LogLoss = self.datafit  # type: ignore[assignment]
        logits = datafit.logits(W)
        start = np.zeros((self.joint.datafit.n_features + 1, datafit.n_columns))
        # Below the tolerance of the certificate, to meet it in spite of rounding.
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
        """Return a shift of W as one of the parts that are free to follow it."""
        penalty = self.problem.penalty
        if not penalty.has_parts:
            return shift
        columns = self.problem.columns
        bases = [member.free_directions(columns) for member in penalty.members]
        # The shortest split: bases of several parts may overlap.
        weights = np.linalg.pinv(np.hstack(bases))
        ends = np.cumsum([base.shape[1] for base in bases])[:-1]
        pairs = zip(bases, np.split(weights, ends), strict=True)
        return np.stack([shift @ weight.T @ base.T for base, weight in pairs])
