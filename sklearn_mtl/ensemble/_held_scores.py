"""Scores and losses of ridge fits with each alpha on held-out samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.ensemble._alphas import ALPHAS
from sklearn_mtl.ensemble._ridge import solve_ridge
from sklearn_mtl.utils._typing import Matrix

__all__ = ["HeldScores", "RidgeData", "Split"]

_ROUGH = 1e-4  # tolerance of fits that are only used to compare alphas


@dataclass(frozen=True)
class RidgeData:
    """Inputs and targets of ridge regression.

    Attributes
    ----------
    Z : ndarray or sparse matrix of shape (n_samples, n_axes + 1)
        Coordinates of the samples in the axes of the table, and a column of ones.
    targets, weights : ndarray of shape (n_samples, n_columns)
        Encoded labels and their weights.
    """

    Z: Matrix
    targets: np.ndarray
    weights: np.ndarray

    def take(self, rows: np.ndarray) -> RidgeData:
        """Return some of the samples."""
        return RidgeData(self.Z[rows], self.targets[rows], self.weights[rows])


# training data, test data, and indices of the test samples among all held-out samples
Split = tuple[RidgeData, RidgeData, np.ndarray]


@dataclass(frozen=True)
class HeldScores:
    """Scores and losses of held-out samples for each alpha.

    Attributes
    ----------
    predictions : list of ndarray of shape (n_alphas, n_test, n_columns)
        Scores of the test data of each split.
    rows : list of ndarray
        Indices of these samples among all held-out samples.
    losses : ndarray of shape (n_alphas, n_columns)
        Mean squared errors over the held-out samples.
    """

    predictions: list[np.ndarray]
    rows: list[np.ndarray]
    losses: np.ndarray

    @classmethod
    def compute(cls, splits: Iterable[Split]) -> HeldScores:
        """Fit and test all alphas in each split."""
        predictions, rows, errors, totals = [], [], [], []
        for train, test, places in splits:
            found = np.stack([test.Z @ fit for fit in _fit_all(train)])
            # Tasks without training labels in this split cannot be tested.
            weights = test.weights * train.weights.any(axis=0)
            errors.append([_error(test, weights, scores) for scores in found])
            totals.append(weights.sum(axis=0))
            predictions.append(found)
            rows.append(places)
        total = np.maximum(np.sum(totals, axis=0), 1e-300)
        return cls(predictions, rows, np.sum(errors, axis=0) / total)

    def scores(self, chosen: np.ndarray) -> np.ndarray:
        """Return the scores of all held-out samples for the chosen alphas.

        Shapes: chosen (n_columns,) -> (n_held_out, n_columns).
        """
        columns = np.arange(len(chosen))
        out = np.empty((sum(map(len, self.rows)), len(chosen)))
        for found, places in zip(self.predictions, self.rows, strict=True):
            out[places] = found[chosen, :, columns].T
        return out


def _fit_all(train: RidgeData) -> np.ndarray:
    """Return coefficients for all alphas, NaN for columns without a label."""
    shape = (len(ALPHAS), train.targets.shape[1])
    grid = np.broadcast_to(ALPHAS[:, None], shape)
    fit = solve_ridge(train.Z, train.targets, train.weights, grid, tol=_ROUGH)
    fit[:, :, ~train.weights.any(axis=0)] = np.nan
    return fit


def _error(test: RidgeData, weights: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the weighted squared errors (n_columns,), 0 for columns without a fit."""
    errors = np.nan_to_num(scores - test.targets)
    return np.sum(weights * errors**2, axis=0)
