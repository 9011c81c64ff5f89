"""Units in which a problem is solved, and the way back to those of X and y."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.penalties import Penalty, TaskColumns

__all__ = ["Units", "compares_tasks", "divisors", "spread_ratio", "without_rounding"]

#: A deviation below this part of the largest label is rounding.
ROUNDING = 10 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Units:
    """What X was divided by, and what was subtracted from y and divided it.

    Attributes
    ----------
    features : ndarray of shape (n_features, 1) or float
        What the columns of X were divided by.
    offset, scale : ndarray of shape (n_columns,) or float
        The targets are (y - offset) / scale.
    """

    features: np.ndarray | float = 1.0
    offset: np.ndarray | float = 0.0
    scale: np.ndarray | float = 1.0

    @classmethod
    def of_targets(cls, means: np.ndarray, deviations: np.ndarray) -> Units:
        """Return the units of targets of unit variance.

        A target whose labels do not vary says nothing about its unit: it has the
        geometric mean of the others'.
        """
        varies = deviations > 0
        logs = np.log(deviations[varies])
        typical = np.exp(logs.mean()) if len(logs) else 1.0
        return cls(offset=means, scale=np.where(varies, deviations, typical))

    def with_features(self, deviations: np.ndarray) -> Units:
        """Return these units with features divided by their deviations."""
        return replace(self, features=deviations[:, None])

    def coefficients(self, W: np.ndarray) -> np.ndarray:
        """Return coefficients (n_features, n_columns) for X and y as they came."""
        return W / self.features * self.scale

    def intercepts(self, b: np.ndarray) -> np.ndarray:
        """Return intercepts (n_columns,) for X and y as they came."""
        return b * self.scale + self.offset


def without_rounding(deviations: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the deviations, 0 where they are rounding of labels of this size."""
    return np.where(deviations > ROUNDING * np.abs(means), deviations, 0.0)


def divisors(deviations: np.ndarray) -> np.ndarray:
    """Return what centred labels are divided by: nothing is left of rounding."""
    return np.where(deviations > 0, deviations, np.inf)


def spread_ratio(deviations: np.ndarray) -> float:
    """Return the largest deviation over the smallest, of the targets that vary."""
    known = deviations[deviations > 0]
    return float(known.max() / known.min()) if len(known) else 1.0


def compares_tasks(penalty: Penalty, columns: TaskColumns) -> bool:
    """Return whether the fit of a task depends on the units of the other targets.

    It does not where the penalty is a ridge on each task. Even `L1` has one alpha for
    targets in different units.
    """
    form = penalty.task_covariance_form(columns)
    return form is None or not form.separates_tasks
