"""Cross-validation of alpha along warm-started paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sklearn_mtl.datafits import (
    Datafit,
    LogLoss,
    Moments,
    make_moments,
    prefers_gram,
    weights_are_shared,
)
from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.penalties import Penalty
from sklearn_mtl.solvers import Problem, solve_path
from sklearn_mtl.tasks import sparse_cells
from sklearn_mtl.utils._ties import first_lowest

__all__ = ["Search", "search"]


@dataclass(frozen=True)
class Search:
    """Losses of all alphas on all folds.

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
        Alphas in decreasing order.
    losses : ndarray of shape (n_alphas, n_folds)
        Mean loss of the observed labels of each test fold.
    """

    alphas: np.ndarray
    losses: np.ndarray

    def best(self, rule: str) -> int:
        """Return the index of the selected alpha."""
        means = self.losses.mean(axis=1)
        best = int(first_lowest(means))
        n_folds = self.losses.shape[1]
        if rule == "min" or n_folds < 2:
            return best
        error = self.losses[best].std(ddof=1) / np.sqrt(n_folds)
        # Alphas decrease, so the first one within the error is the largest.
        return int(np.flatnonzero(means <= means[best] + error)[0])

    def table(self) -> dict[str, np.ndarray]:
        """Return the losses as `cv_results_`."""
        table = {"alpha": self.alphas}
        for k, column in enumerate(self.losses.T):
            table[f"split{k}_test_loss"] = column
        table["mean_test_loss"] = self.losses.mean(axis=1)
        table["std_test_loss"] = self.losses.std(axis=1)
        return table


def search(
    data: Data,
    penalty: Penalty,
    alphas: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
    **options: Any,
) -> Search:
    """Return the losses along the path of each fold.

    Shapes: alphas (n_alphas,).
    """
    losses = np.empty((len(alphas), len(folds)))
    for k, (datafit, loss) in enumerate(_fold_problems(data, folds)):
        problem = Problem(datafit, penalty, data.columns)
        for i, (_, solution) in enumerate(solve_path(problem, alphas, **options)):
            W = problem.total(solution.point)
            b = np.zeros(W.shape[1])
            losses[i, k] = loss(W, datafit.intercept(W) if data.fit_intercept else b)
    return Search(alphas, losses)


def _fold_problems(
    data: Data, folds: list[tuple[np.ndarray, np.ndarray]]
) -> Iterator[tuple[Datafit, Any]]:
    """Yield the data term of each fold, and its loss (W, intercept) -> float."""
    is_partition = _tests_are_complements(folds, data.X.shape[0])
    if (
        is_partition
        and not data.is_classification
        and prefers_gram(data.X.shape, data.weights)
    ):
        # Moments of a training fold: those of all samples minus those of the test fold.
        total = make_moments(data.X, data.Y, data.weights)
        is_shared = weights_are_shared(data.weights)
        for _, test in folds:
            weights = data.weights[test]
            part = Moments.from_cells(
                data.X[test],
                data.Y[test],
                weights,
                # Moments can only be subtracted if they have the same origin.
                total.shift,
                is_shared=is_shared,
                cells=None if is_shared else sparse_cells(weights > 0),
            )
            yield (total - part).quadratic(data.fit_intercept), _MomentLoss(part)
    else:
        for train, test in folds:
            yield data.rows(train).datafit(), _RowLoss(data.rows(test))


def _tests_are_complements(
    folds: list[tuple[np.ndarray, np.ndarray]], n_samples: int
) -> bool:
    return all(
        len(train) + len(test) == n_samples
        and len(np.union1d(train, test)) == n_samples
        for train, test in folds
    )


@dataclass(frozen=True)
class _MomentLoss:
    moments: Moments

    def __call__(self, W: np.ndarray, intercept: np.ndarray) -> float:
        """Return the mean squared error of the labels."""
        n_tasks = len(self.moments.y)
        weights = np.broadcast_to(self.moments.weight, n_tasks)
        errors = self.moments.squared_errors(W, intercept)
        return float(errors.sum() / max(weights.sum(), 1e-300))


@dataclass(frozen=True)
class _RowLoss:
    data: Data

    def __call__(self, W: np.ndarray, intercept: np.ndarray) -> float:
        """Return the mean squared error or log-loss of the labels."""
        data = self.data
        total = max(data.weights.sum(), 1e-300)
        used = np.flatnonzero(W.any(axis=1))
        if 4 * len(used) < len(W):  # a sparse solution needs few columns
            scores = data.X[:, used] @ W[used] + intercept
        else:
            scores = data.X @ W + intercept
        if data.is_classification:
            return self._log_loss.loss(scores) * self._log_loss.n / total
        return float(np.vdot(data.weights, (data.Y - scores) ** 2) / total)

    @cached_property
    def _log_loss(self) -> LogLoss:
        data = self.data  # the scores include the intercepts
        return LogLoss(
            data.X, data.Y, data.weights, data.n_classes, fit_intercept=False
        )
