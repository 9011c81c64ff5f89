"""Duality gap of squared error with sum_j a_j ||W_j||."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_mtl.solvers._certificate import Certificate

__all__ = ["GroupGauge", "group_norms"]

#: Feature groups outside the working set: norms of their gradients, and weights.
Others = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class GroupGauge:
    """Bounds of the minimum, from some groups of W and of U = -gradient.

    Attributes
    ----------
    B : ndarray of shape (n_groups, n_tasks)
        Products of features and targets, equal to U at W = 0.
    groups : ndarray of shape (n_groups,)
        Weights a.
    ridge : float
        Alpha of the ridge term.
    loss : float
        Squared error at W = 0.
    slope : float
        Norm of the gradient at W = 0.
    """

    B: np.ndarray
    groups: np.ndarray
    ridge: float
    loss: float
    slope: float

    def bounds(
        self, W: np.ndarray, U: np.ndarray, others: Others | None = None
    ) -> tuple[float, float]:
        """Return the objective at W, and a lower bound of the minimum.

        Shapes: W (n_groups, n_tasks), U (n_groups, n_tasks).
        """
        linear, along = float(np.vdot(W, self.B)), float(np.vdot(W, U))
        target = 2.0 * self.loss - linear  # <residual, targets>
        squared = target - along  # <residual, residual>
        value = 0.5 * squared + float(self.groups @ group_norms(W))
        norms, a = group_norms(U), self.groups
        if others is not None:
            norms, a = np.concatenate([norms, others[0]]), np.append(a, others[1])
        # With a ridge the conjugate is finite everywhere, so no scaling is needed.
        if self.ridge > 0.0:
            excess = np.maximum(norms - a, 0.0)
            value += 0.5 * self.ridge * float(np.vdot(W, W))
            conjugate = float(excess @ excess) / (2.0 * self.ridge)
            return value, target - 0.5 * squared - conjugate
        # Without a ridge the dual point is scaled into the balls ||U_j|| <= a_j.
        scale = 1.0 / max(float((norms / a).max(initial=0.0)), 1.0)
        return value, scale * target - 0.5 * scale**2 * squared

    def gap(self, W: np.ndarray, U: np.ndarray) -> float:
        """Return the relative duality gap if all other groups are within bounds."""
        value, dual = self.bounds(W, U)
        return (value - dual) / self.loss

    def certify(self, W: np.ndarray, U: np.ndarray, others: Others) -> Certificate:
        """Return the certificate; `others` has all groups that violate their bounds."""
        value, dual = self.bounds(W, U, others)
        lengths = group_norms(W)
        safe = np.where(lengths > 0, lengths, 1.0)
        inside = group_norms(
            self.ridge * W - U + (self.groups / safe)[:, None] * W,
        )
        outside = np.maximum(group_norms(U) - self.groups, 0.0)
        distance = np.append(
            np.where(lengths > 0, inside, outside),
            np.maximum(others[0] - others[1], 0.0),
        )
        optimality = float(np.sqrt(distance @ distance)) / self.slope
        return Certificate(value, max(value - dual, 0.0) / self.loss, optimality)


def group_norms(W: np.ndarray) -> np.ndarray:
    """Return the Euclidean norm of each feature group (row of W)."""
    return np.sqrt(np.einsum("jt,jt->j", W, W))
