"""Proximal operator of a sum of penalties on the same coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_mtl.penalties._base import Penalty, frobenius
from sklearn_mtl.penalties._columns import TaskColumns

__all__ = ["prox_of_sum"]

#: The cycles stop if no penalty moves the point by more than this fraction of its norm,
TOLERANCE = 1e-12
#: or by more than this fraction of the norm of W, which is the rounding error.
ROUNDING = 1e-15
MAX_CYCLES = 500
#: Number of cycles without acceleration. Most sums need fewer.
PLAIN_CYCLES = 10
#: Number of previous cycles that the acceleration uses.
MEMORY = 5


def prox_of_sum(
    penalties: Sequence[Penalty],
    W: np.ndarray,
    step: float,
    columns: TaskColumns | None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the proximal point, and each penalty's reduction divided by the step.

    This is the proximal form of Dykstra's algorithm: each penalty in turn is applied to
    the point plus its own reduction in the previous cycle. A single cycle is exact for
    one penalty, and for an L1 norm followed by one group norm. Slowly converging cycles
    are accelerated (Walker and Ni, SIAM Journal on Numerical Analysis 2011).

    Shapes: W (n_features, n_columns) -> Z (n_features, n_columns).
    """
    taken = np.zeros((len(penalties), *W.shape))
    least, memory = ROUNDING * frobenius(W), _Extrapolation()
    for number in range(MAX_CYCLES):
        point, after, moved = _cycle(penalties, W, step, columns, taken)
        if len(penalties) == 1 or moved <= max(TOLERANCE * frobenius(point), least):
            break
        taken = memory.next(taken, after) if number >= PLAIN_CYCLES else after
    if len(penalties) > 1:
        # Otherwise a coefficient of 1e-16 would count as used.
        point = np.where(np.abs(point) <= 10.0 * least, 0.0, point)
    return point, list(after / step)


def _cycle(
    penalties: Sequence[Penalty],
    W: np.ndarray,
    step: float,
    columns: TaskColumns | None,
    taken: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the point, each penalty's reduction, and the largest move."""
    point, moved = W - taken.sum(axis=0), 0.0
    after = np.empty_like(taken)
    for k, penalty in enumerate(penalties):
        before, start = point, point + taken[k]
        point = penalty.prox(start, step, columns)
        after[k] = start - point
        # A cycle may end where it began although the next one does not.
        moved = max(moved, frobenius(point - before))
    return point, after, moved


class _Extrapolation:
    """Anderson acceleration of Dykstra's cycles."""

    # Without it, an L1 norm with a trace norm of a small matrix needs thousands of
    # cycles. A plain cycle never increases the change. If an extrapolated point does,
    # continue from the last plain one.

    def __init__(self) -> None:
        self.points: list[np.ndarray] = []
        self.changes: list[np.ndarray] = []
        self.plain: np.ndarray | None = None

    def next(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return the point at which the next cycle starts.

        Shapes: before, after (n_penalties, n_features, n_columns) ->
        (n_penalties, n_features, n_columns).
        """
        # The reduction of the first penalty follows from those of the others.
        change = (after - before)[1:].ravel()
        shortest = min(map(np.linalg.norm, self.changes), default=np.inf)
        if self.plain is not None and np.linalg.norm(change) > 2.0 * shortest:
            self.points, self.changes = [], []
            plain, self.plain = self.plain, None
            return plain
        self.points = [*self.points[-MEMORY:], after[1:].ravel()]
        self.changes = [*self.changes[-MEMORY:], change]
        self.plain = after
        if len(self.changes) < 3:
            return after
        # Subtract the combination of earlier changes that best cancels this one.
        slopes = np.diff(self.changes, axis=0).T
        weights = np.linalg.lstsq(slopes, change, rcond=1e-10)[0]
        better = after.copy()
        moved = np.diff(self.points, axis=0).T @ weights
        better[1:] -= moved.reshape(better[1:].shape)
        return better
