"""Scaling of features and targets, and conversion back to the original units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.penalties import Penalty, TaskColumns

__all__ = ["Units", "compares_tasks", "divisors", "spread_ratio", "without_rounding"]

#: Deviations below this fraction of the mean are rounding errors.
ROUNDING = 10 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Units:
    """Scales of the features, and offsets and scales of the targets.

    Attributes
    ----------
    features : ndarray of shape (n_features, 1) or float
        Divisors of the columns of X.
    offset, scale : ndarray of shape (n_columns,) or float
        The scaled targets are (y - offset) / scale.
    """

    features: np.ndarray | float = 1.0
    offset: np.ndarray | float = 0.0
    scale: np.ndarray | float = 1.0

    @classmethod
    def of_targets(cls, means: np.ndarray, deviations: np.ndarray) -> Units:
        """Return the units of targets scaled to unit variance.

        The scale of a constant target cannot be determined from its labels. It is set
        to the geometric mean of the other scales.
        """
        varies = deviations > 0
        logs = np.log(deviations[varies])
        typical = np.exp(logs.mean()) if len(logs) else 1.0
        return cls(offset=means, scale=np.where(varies, deviations, typical))

    def with_features(self, deviations: np.ndarray) -> Units:
        """Return these units, with features divided by their standard deviations."""
        return replace(self, features=deviations[:, None])

    def coefficients(self, W: np.ndarray) -> np.ndarray:
        """Return coefficients (n_features, n_columns) in the units of X and y."""
        return W / self.features * self.scale

    def intercepts(self, b: np.ndarray) -> np.ndarray:
        """Return intercepts (n_columns,) in the units of X and y."""
        return b * self.scale + self.offset

    def values(self, Y: np.ndarray) -> np.ndarray:
        """Return targets (n_samples, n_columns) as they came."""
        return Y * self.scale + self.offset


def without_rounding(deviations: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the standard deviations, with 0 in place of rounding errors."""
    return np.where(deviations > ROUNDING * np.abs(means), deviations, 0.0)


def divisors(deviations: np.ndarray) -> np.ndarray:
    """Return the divisors of centred labels; infinity sets constant labels to 0."""
    return np.where(deviations > 0, deviations, np.inf)


def spread_ratio(deviations: np.ndarray) -> float:
    """Return the ratio of the largest to the smallest nonzero deviation."""
    known = deviations[deviations > 0]
    return float(known.max() / known.min()) if len(known) else 1.0


def compares_tasks(penalty: Penalty, columns: TaskColumns) -> bool:
    """Return whether the fit of a task depends on the units of other targets.

    It does not if the penalty is a ridge on each task. `L1` does compare tasks, because
    it has one alpha for all targets.
    """
    form = penalty.task_covariance_form(columns)
    return form is None or not form.separates_tasks
