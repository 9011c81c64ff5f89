"""Proximal step of a sum of penalties on the same coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_mtl.penalties._base import Penalty, frobenius
from sklearn_mtl.penalties._columns import Columns

__all__ = ["prox_of_sum"]

#: Dykstra stops where no penalty moves the point by more than this part of its length,
TOLERANCE = 1e-12
#: or this part of the length of the point that went in, which is rounding.
ROUNDING = 1e-15
MAX_CYCLES = 500


def prox_of_sum(
    penalties: Sequence[Penalty],
    W: np.ndarray,
    step: float,
    columns: Columns | None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the proximal point and what each penalty took off, over the step.

    Dykstra's algorithm in its proximal form: each penalty in turn acts on the point
    plus what it took off in the last cycle. With one penalty a single cycle is exact,
    and so it is for an L1 norm followed by one group norm.

    Parameters
    ----------
    penalties : sequence of Penalty
        The members of the sum.
    W : ndarray of shape (n_features, n_columns)
        The point.
    step : float
        Weight of the sum.
    columns : Columns or None
        Layout of the columns.

    Returns
    -------
    Z : ndarray of shape (n_features, n_columns)
        The proximal point.
    shares : list of ndarray
        Subgradients at Z, one a penalty; step times their sum is W - Z.
    """
    taken = [np.zeros_like(W) for _ in penalties]
    point, least = W, ROUNDING * frobenius(W)
    for _ in range(MAX_CYCLES):
        moved = 0.0
        for k, penalty in enumerate(penalties):
            before, start = point, point + taken[k]
            point = penalty.prox(start, step, columns)
            taken[k] = start - point
            # Not over a whole cycle: one may end where it began, and the next not.
            moved = max(moved, frobenius(point - before))
        if len(penalties) == 1 or moved <= max(TOLERANCE * frobenius(point), least):
            break
    if len(penalties) > 1:
        # A coefficient of 1e-16 counts as used, and is far from optimal if it is zero.
        point = np.where(np.abs(point) <= 10.0 * least, 0.0, point)
    return point, [share / step for share in taken]
