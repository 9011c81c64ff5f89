"""Labels of all tasks, stored as a table or task by task if most are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import (
    GramQuadratic,
    Pooling,
    SampleQuadratic,
    make_quadratic,
    make_separate_quadratic,
)
from sklearn_mtl.linear_model._units import Units, divisors, without_rounding
from sklearn_mtl.tasks import Cells
from sklearn_mtl.utils._typing import FeaturesLike, Matrix

__all__ = ["Labels", "SeparateLabels", "TableOfLabels"]


@dataclass(frozen=True)
class TableOfLabels:
    """Labels and weights of all samples and tasks.

    Attributes
    ----------
    Y : ndarray of shape (n_samples, n_tasks)
        Labels (class indices for classification), 0 where missing.
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of the labels, 0 where missing.
    """

    Y: np.ndarray
    weights: np.ndarray

    def totals(self) -> np.ndarray:
        """Return the sum of weights of each task."""
        return self.weights.sum(axis=0)

    def count(self) -> int:
        """Return the number of labels with nonzero weight."""
        return int(np.count_nonzero(self.weights))

    def row_weights(self) -> np.ndarray:
        """Return the sum of weights of each sample."""
        return self.weights.sum(axis=1)

    def deviations(self, is_centred: bool) -> np.ndarray:
        """Return the standard deviation of each task; around 0 if not centred."""
        return self._centred(is_centred)[2]

    def standardised(self, is_centred: bool) -> tuple[TableOfLabels, Units]:
        """Return labels of unit variance, 0 where missing, and their units."""
        off, means, deviations = self._centred(is_centred)
        off /= divisors(deviations)
        is_there = self.weights > 0
        off = off if is_there.all() else np.where(is_there, off, 0.0)
        return replace(self, Y=off), Units.of_targets(means, deviations)

    def _centred(self, is_centred: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return centred labels, their means and their standard deviations."""
        # For few columns einsum is several times as fast as sum.
        totals = _positive(np.einsum("it->t", self.weights))
        means = np.einsum("it,it->t", self.weights, self.Y) / totals * is_centred
        off = self.Y - means
        squares = np.einsum("it,it,it->t", self.weights, off, off)
        return off, means, without_rounding(np.sqrt(squares / totals), means)

    def rows(self, index: np.ndarray) -> TableOfLabels:
        """Return the labels of some samples."""
        return TableOfLabels(self.Y[index], self.weights[index])

    def some_tasks(self, tasks: np.ndarray) -> TableOfLabels:
        """Return the labels of some tasks."""
        return TableOfLabels(self.Y[:, tasks], self.weights[:, tasks])

    def quadratic(
        self, X: FeaturesLike, fit_intercept: bool | Pooling
    ) -> GramQuadratic | SampleQuadratic:
        """Return the squared error."""
        return make_quadratic(X, self.Y, self.weights, fit_intercept)


@dataclass(frozen=True)
class SeparateLabels:
    """Labels of tasks that have few samples in common, task after task.

    If many tasks have separate samples, most entries of a table are missing. A single
    pass over the table would cost more than all computations with the labels.

    Attributes
    ----------
    cells : Cells
        Row and task of each label.
    y : ndarray of shape (n_cells,)
        Values of the labels.
    w : ndarray of shape (n_cells,)
        Weights of the labels.
    n_samples : int
        Number of samples, including those without labels.
    """

    cells: Cells
    y: np.ndarray
    w: np.ndarray
    n_samples: int

    @cached_property
    def Y(self) -> np.ndarray:
        """Values as a table, 0 where missing."""
        return self._spread(self.y)

    @cached_property
    def weights(self) -> np.ndarray:
        """Weights as a table."""
        return self._spread(self.w)

    def totals(self) -> np.ndarray:
        """Return the sum of weights of each task."""
        return np.bincount(self.cells.tasks, self.w, len(self.cells.ends))

    def count(self) -> int:
        """Return the number of labels with nonzero weight."""
        return int(np.count_nonzero(self.w))

    def row_weights(self) -> np.ndarray:
        """Return the sum of weights of each sample."""
        return np.bincount(self.cells.rows, self.w, self.n_samples)

    def deviations(self, is_centred: bool) -> np.ndarray:
        """Return the standard deviation of each task; around 0 if not centred."""
        return self._centred(is_centred)[2]

    def standardised(self, is_centred: bool) -> tuple[SeparateLabels, Units]:
        """Return labels of unit variance, and their units."""
        off, means, deviations = self._centred(is_centred)
        off /= divisors(deviations)[self.cells.tasks]
        return replace(self, y=off), Units.of_targets(means, deviations)

    def _centred(self, is_centred: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return centred labels, their means and their standard deviations."""
        tasks, n_tasks = self.cells.tasks, len(self.cells.ends)
        totals = _positive(self.totals())
        means = np.bincount(tasks, self.w * self.y, n_tasks) / totals * is_centred
        off = self.y - means[tasks]
        squares = np.bincount(tasks, self.w * off * off, n_tasks)
        return off, means, without_rounding(np.sqrt(squares / totals), means)

    def rows(self, index: np.ndarray) -> SeparateLabels:
        """Return the labels of some samples."""
        at = self.cells.rows, self.cells.tasks
        # A sparse table of label numbers (from 1) sorts the labels by task again.
        numbers = sparse.csr_array((np.arange(1, len(self.y) + 1), at), self._shape)
        found = numbers[index].tocsc()
        some = found.data - 1
        cells = Cells(found.indices, self.cells.tasks[some], found.indptr[1:])
        return SeparateLabels(cells, self.y[some], self.w[some], found.shape[0])

    def some_tasks(self, tasks: np.ndarray) -> SeparateLabels:
        """Return the labels of some tasks; the other tasks must have no labels."""
        place = np.zeros(len(self.cells.ends), dtype=np.intp)
        place[tasks] = np.arange(len(tasks))
        cells = Cells(self.cells.rows, place[self.cells.tasks], self.cells.ends[tasks])
        return SeparateLabels(cells, self.y, self.w, self.n_samples)

    def quadratic(
        self, X: Matrix, fit_intercept: bool | Pooling
    ) -> GramQuadratic | SampleQuadratic:
        """Return the squared error."""
        if sparse.issparse(X):
            return make_quadratic(X, self.Y, self.weights, fit_intercept)
        return make_separate_quadratic(X, self.cells, self.y, self.w, fit_intercept)

    @property
    def _shape(self) -> tuple[int, int]:
        return self.n_samples, len(self.cells.ends)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        table = np.zeros(self._shape)
        table[self.cells.rows, self.cells.tasks] = values
        return table


Labels = TableOfLabels | SeparateLabels


def _positive(totals: np.ndarray) -> np.ndarray:
    """Return values that can be divided by, with 1 in place of 0."""
    return np.where(totals > 0, totals, 1.0)
