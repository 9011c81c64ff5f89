"""Data of the fitted tasks, and the data term made of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import Datafit, LogLoss, Pooling, Quadratic
from sklearn_mtl.linear_model._labels import Labels, SeparateLabels, TableOfLabels
from sklearn_mtl.linear_model._units import Units
from sklearn_mtl.penalties import TaskColumns
from sklearn_mtl.tasks import TargetColumns, TaskSet, cell_weights, weights_at
from sklearn_mtl.utils._typing import ClassWeight, FeaturesLike

__all__ = ["Data", "make_data", "read_labels"]


@dataclass(frozen=True)
class Data:
    """X, labels and weights of the tasks that have coefficients.

    Attributes
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    labels : TableOfLabels or SeparateLabels
        Labels and weights of the fitted tasks.
    n_classes : list of int
        Number of classes of the fitted tasks; 0 for regression.
    kept : ndarray of shape (n_kept,)
        Indices of the fitted tasks. Tasks without labels or with one class are not.
    fit_intercept : bool or Pooling
        Whether there are intercepts, and whether they are pooled.
    units : Units
        Scales of the features and targets.
    """

    X: Any
    labels: Labels
    n_classes: list[int]
    kept: np.ndarray
    fit_intercept: bool | Pooling
    units: Units = field(default_factory=Units)

    @property
    def Y(self) -> np.ndarray:
        """Labels of the fitted tasks, 0 where missing: (n_samples, n_kept)."""
        return self.labels.Y

    @property
    def weights(self) -> np.ndarray:
        """Weights of the labels, 0 where missing: (n_samples, n_kept)."""
        return self.labels.weights

    @property
    def widths(self) -> list[int]:
        """Number of columns of each task."""
        return [k if k > 2 else 1 for k in self.n_classes]

    @property
    def columns(self) -> TaskColumns:
        """Layout of the columns of W."""
        return TaskColumns.from_widths(self.widths)

    @property
    def is_classification(self) -> bool:
        """Return whether the tasks have classes."""
        return bool(self.n_classes) and self.n_classes[0] > 0

    def datafit(self) -> Datafit:
        """Return the data term."""
        return self.log_loss() if self.is_classification else self.quadratic()

    def log_loss(self) -> LogLoss:
        """Return the log-loss of classification tasks."""
        fit_intercept = bool(self.fit_intercept)
        return LogLoss(self.X, self.Y, self.weights, self.n_classes, fit_intercept)

    def quadratic(self) -> Quadratic:
        """Return the squared error of regression tasks."""
        return self.labels.quadratic(self.X, self.fit_intercept)

    def rows(self, index: np.ndarray) -> Data:
        """Return the data of some samples."""
        return replace(self, X=self.X[index], labels=self.labels.rows(index))

    def with_scaled_targets(self) -> Data:
        """Return the data with targets scaled to unit variance."""
        labels, units = self.labels.standardised(bool(self.fit_intercept))
        return replace(self, labels=labels, units=units)

    def with_scaled_features(self) -> Data:
        """Return the data with features scaled to unit variance."""
        row_weights = self.labels.row_weights()
        row_weights = row_weights / max(row_weights.sum(), 1e-300)
        mean, is_centred = self.X.T @ row_weights, bool(self.fit_intercept)
        if sparse.issparse(self.X):
            square = self.X.multiply(self.X).T @ row_weights
            variance = np.maximum(square - is_centred * mean**2, 0.0)
        else:
            centred = self.X - is_centred * mean
            variance = row_weights @ centred**2
        square = mean**2 + variance
        # A variance that is only rounding error must not be scaled to 1.
        deviations = np.sqrt(np.where(variance > 1e-14 * square, variance, 1.0))
        if sparse.issparse(self.X):
            X = (self.X @ sparse.diags_array(1.0 / deviations)).tocsr()
        else:
            X = self.X / deviations
        return replace(self, X=X, units=self.units.with_features(deviations))


def make_data(
    X: FeaturesLike, task_set: TaskSet, labels: Labels, fit_intercept: bool
) -> Data:
    """Return the data of the tasks that can be fitted.

    Shapes: X (n_samples, n_features).
    """
    kept = np.flatnonzero(
        [task.kind not in ("empty", "constant") for task in task_set.tasks]
    )
    n_classes = [task_set.tasks[t].n_classes for t in kept]
    if len(kept) < task_set.n_tasks:
        labels = labels.some_tasks(kept)
    return Data(X, labels, n_classes, kept, fit_intercept)


def read_labels(
    task_set: TaskSet,
    columns: TargetColumns,
    class_weight: ClassWeight | None,
    who: str,
) -> Labels:
    """Return labels and weights in the cheaper of both forms."""
    cells, shape = columns.cells, columns.observed.shape
    has_classes = any(task.is_classification for task in task_set.tasks)
    labels: Labels
    if cells is None or has_classes:
        codes = task_set.fill(columns)
        weights = cell_weights(task_set, codes, columns.weights, class_weight, who)
        if not columns.observed.all():
            codes[~columns.observed] = 0.0
        labels = TableOfLabels(codes, weights)
    else:
        weights = weights_at(cells, columns.weights, shape)
        y = np.concatenate(columns.values).astype(np.float64)
        labels = SeparateLabels(cells, y, weights, shape[0])
    if columns.observed.any() and not weights.any():
        raise ValueError(f"{who}: class_weight gives all labels a weight of zero.")
    return labels
