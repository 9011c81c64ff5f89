"""What of X, y and weights is fitted, and the data term that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import CrossEntropy, Datafit, make_quadratic
from sklearn_mtl.penalties import Columns
from sklearn_mtl.utils import TaskSet

__all__ = ["Data", "make_data"]


@dataclass(frozen=True)
class Data:
    """Rows of the tasks that have coefficients.

    Attributes
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    Y : ndarray of shape (n_samples, n_kept)
        Codes of the tasks kept, 0 where missing.
    weights : ndarray of shape (n_samples, n_kept)
        Weights of cells, 0 where missing.
    n_classes : list of int
        Of the tasks kept; 0 for regressions.
    kept : ndarray of shape (n_kept,)
        Numbers of the tasks that are fitted: not those without label or with one class.
    fit_intercept : bool
        Whether there are intercepts.
    """

    X: Any
    Y: np.ndarray
    weights: np.ndarray
    n_classes: list[int]
    kept: np.ndarray
    fit_intercept: bool

    @property
    def widths(self) -> list[int]:
        """Number of columns of each task."""
        return [k if k > 2 else 1 for k in self.n_classes]

    @property
    def columns(self) -> Columns:
        """Layout of the columns of W."""
        return Columns.from_widths(self.widths)

    @property
    def is_classification(self) -> bool:
        """Whether tasks have classes."""
        return bool(self.n_classes) and self.n_classes[0] > 0

    def datafit(self) -> Datafit:
        """Return the data term."""
        if self.is_classification:
            return CrossEntropy(
                self.X, self.Y, self.weights, self.n_classes, self.fit_intercept
            )
        return make_quadratic(self.X, self.Y, self.weights, self.fit_intercept)

    def rows(self, index: np.ndarray) -> Data:
        """Return some of the rows."""
        return Data(
            self.X[index],
            self.Y[index],
            self.weights[index],
            self.n_classes,
            self.kept,
            self.fit_intercept,
        )

    def scaled(self) -> tuple[Data, np.ndarray]:
        """Return the data with features of unit variance, and their deviations."""
        row_weights = self.weights.sum(axis=1) / max(self.weights.sum(), 1e-300)
        mean = self.X.T @ row_weights
        if sparse.issparse(self.X):
            square = self.X.multiply(self.X).T @ row_weights
            variance = np.maximum(square - self.fit_intercept * mean**2, 0.0)
        else:
            centred = self.X - self.fit_intercept * mean
            variance = row_weights @ centred**2
        square = mean**2 + variance
        deviations = np.sqrt(np.where(variance > 1e-14 * square, variance, 1.0))
        if sparse.issparse(self.X):
            X = (self.X @ sparse.diags_array(1.0 / deviations)).tocsr()
        else:
            X = self.X / deviations
        data = Data(
            X, self.Y, self.weights, self.n_classes, self.kept, self.fit_intercept
        )
        return data, deviations


def make_data(
    X: Any,
    task_set: TaskSet,
    codes: np.ndarray,
    weights: np.ndarray,
    fit_intercept: bool,
) -> Data:
    """Return the rows of the tasks that can be fitted.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    task_set : TaskSet
        The tasks.
    codes : ndarray of shape (n_samples, n_tasks)
        Encoded labels, NaN where missing.
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of cells, 0 where missing.
    fit_intercept : bool
        Whether there are intercepts.

    Returns
    -------
    Data
        The rows.
    """
    kept = np.flatnonzero(
        [task.kind not in ("empty", "constant") for task in task_set.tasks]
    )
    n_classes = [task_set.tasks[t].n_classes for t in kept]
    if len(kept) < task_set.n_tasks:
        codes, weights = codes[:, kept], weights[:, kept]
    # Most cells may be missing: writing the others is the shorter way.
    Y, seen = np.zeros(codes.shape), np.flatnonzero(~np.isnan(codes))
    Y.ravel()[seen] = codes.ravel()[seen]
    return Data(X, Y, weights, n_classes, kept, fit_intercept)
