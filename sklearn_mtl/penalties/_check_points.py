"""Points and steps at which a penalty is checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.penalties._base import Penalty
from sklearn_mtl.penalties._columns import TaskColumns

__all__ = ["Points", "make_points"]


@dataclass(frozen=True)
class Points:
    """Points and steps at which the methods of a penalty are compared.

    Attributes
    ----------
    penalty : Penalty
        The penalty R.
    columns : TaskColumns
        Layout of the columns.
    every : list of ndarray
        Points, some of them with zero rows or columns.
    inside : list of ndarray
        Points at which R is finite.
    steps : list of float
        Steps, from small ones to those that set many coefficients to zero.
    """

    penalty: Penalty
    columns: TaskColumns
    every: list[np.ndarray]
    inside: list[np.ndarray]
    steps: list[float]

    def value(self, W: np.ndarray) -> float:
        """Return R(W)."""
        return float(self.penalty.value(W, self.columns))

    def directions(self, W: np.ndarray, Z: np.ndarray) -> Iterator[np.ndarray]:
        """Yield directions from Z in which the objective might decrease."""
        rng = np.random.default_rng(3)
        yield from (W, Z, W - Z, np.ones_like(W))
        # These stay in the domain of R, which may be a subspace.
        yield from (V - Z for V in self.inside)
        for row in range(len(W)):
            yield _only(W, np.s_[row])
        for column in range(W.shape[1]):
            yield _only(W, np.s_[:, column])
        for _ in range(5):
            yield rng.standard_normal(W.shape)

    def gradients(self, scale: float) -> Iterator[np.ndarray]:
        """Yield gradients of a data term."""
        rng = np.random.default_rng(4)
        for factor in (0.1, 1.0, 10.0):
            yield scale * factor * rng.standard_normal(self.every[0].shape)


def _only(W: np.ndarray, part: Any) -> np.ndarray:
    """Return W with zeros outside `part`."""
    out = np.zeros_like(W)
    out[part] = W[part]
    return out


def make_points(penalty: Penalty, columns: TaskColumns, n_features: int) -> Points:
    """Return points and steps on the scale of a penalty."""
    rng = np.random.default_rng(0)
    shape = n_features, columns.n_columns
    every = [size * rng.standard_normal(shape) for size in (0.3, 1.0, 3.0)]
    sparse = rng.standard_normal(shape)
    sparse[0] = 0.0
    sparse[:, -1] = 0.0
    every += [sparse, np.zeros(shape)]
    value = float(penalty.value(every[1], columns))
    # With this step the penalty changes a point of this size by about one half.
    unit = float(np.square(every[1]).sum()) / value if 0.0 < value < np.inf else 1.0
    steps = [0.05 * unit, 0.3 * unit, unit]
    # Proximal points lie where R is finite, which may be a subspace.
    inside = [
        Z
        for Z in (penalty.prox(W.copy(), steps[0], columns) for W in every)
        if np.shape(Z) == shape and np.isfinite(Z).all()
    ]
    inside = [Z for Z in [*inside, *every] if np.isfinite(penalty.value(Z, columns))]
    return Points(penalty, columns, every, inside, steps)
