"""Proximal step of a sum of penalties on the same coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_mtl.penalties._base import Penalty, frobenius
from sklearn_mtl.penalties._columns import TaskColumns

__all__ = ["prox_of_sum"]

#: Dykstra stops where no penalty moves the point by more than this part of its length,
TOLERANCE = 1e-12
#: or this part of the length of the point that went in, which is rounding.
ROUNDING = 1e-15
MAX_CYCLES = 500
#: Cycles before the first extrapolation: most sums need fewer.
PLAIN_CYCLES = 10
#: Differences that an extrapolation reads.
MEMORY = 5


def prox_of_sum(
    penalties: Sequence[Penalty],
    W: np.ndarray,
    step: float,
    columns: TaskColumns | None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the proximal point and what each penalty took off, over the step.

    Dykstra's algorithm in its proximal form: each penalty in turn acts on the point
    plus what it took off in the last cycle. With one penalty a single cycle is exact,
    and so it is for an L1 norm followed by one group norm. Where the cycles converge
    slowly they are extrapolated (Walker and Ni, SIAM Journal on Numerical Analysis
    2011).

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
        # A coefficient of 1e-16 counts as used, and is far from optimal if it is zero.
        point = np.where(np.abs(point) <= 10.0 * least, 0.0, point)
    return point, list(after / step)


def _cycle(
    penalties: Sequence[Penalty],
    W: np.ndarray,
    step: float,
    columns: TaskColumns | None,
    taken: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the point, what each penalty took off, and the longest move."""
    point, moved = W - taken.sum(axis=0), 0.0
    after = np.empty_like(taken)
    for k, penalty in enumerate(penalties):
        before, start = point, point + taken[k]
        point = penalty.prox(start, step, columns)
        after[k] = start - point
        # Not over a whole cycle: one may end where it began, and the next not.
        moved = max(moved, frobenius(point - before))
    return point, after, moved


class _Extrapolation:
    """Anderson's acceleration of the cycles, which may converge very slowly."""

    # Without it, an L1 norm with a trace norm of a small matrix took thousands of
    # cycles. A cycle never makes the change longer, so where an extrapolated point
    # does, the last plain one is taken instead.

    def __init__(self) -> None:
        self.points: list[np.ndarray] = []
        self.changes: list[np.ndarray] = []
        self.plain: np.ndarray | None = None

    def next(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return where the next cycle begins.

        Shapes: before, after (n_penalties, n_features, n_columns) ->
        (n_penalties, n_features, n_columns).
        """
        # What the first one took off follows from the others.
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
        # The combination of earlier changes that cancels this one best is taken off.
        slopes = np.diff(self.changes, axis=0).T
        weights = np.linalg.lstsq(slopes, change, rcond=1e-10)[0]
        better = after.copy()
        moved = np.diff(self.points, axis=0).T @ weights
        better[1:] -= moved.reshape(better[1:].shape)
        return better
