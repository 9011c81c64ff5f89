"""Ridge fits of every strength, tested on samples that they have not seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.ensemble._ridge import solve_ridge
from sklearn_mtl.ensemble._strengths import STRENGTHS
from sklearn_mtl.utils._typing import Matrix

__all__ = ["HeldScores", "Numbers", "Round"]

_ROUGH = 1e-3  # tolerance of fits that are only compared with each other


@dataclass(frozen=True)
class Numbers:
    """Samples as ridge regression sees them.

    Attributes
    ----------
    Z : ndarray or sparse matrix of shape (n_samples, n_axes + 1)
        Coordinates in the axes of the table, and ones.
    targets, weights : ndarray of shape (n_samples, n_columns)
        What is predicted, and the weights of the labels.
    """

    Z: Matrix
    targets: np.ndarray
    weights: np.ndarray

    def take(self, rows: np.ndarray) -> Numbers:
        """Return some of the samples."""
        return Numbers(self.Z[rows], self.targets[rows], self.weights[rows])


# training part, test part, and where its samples stand among those held out
Round = tuple[Numbers, Numbers, np.ndarray]


@dataclass(frozen=True)
class HeldScores:
    """What fits of all strengths say about held-out samples.

    Attributes
    ----------
    predictions : list of ndarray of shape (n_strengths, n_test, n_columns)
        Scores of the test part of each round.
    rows : list of ndarray
        Where its samples stand among all that are held out.
    losses : ndarray of shape (n_strengths, n_columns)
        Mean squared errors over the held-out samples.
    """

    predictions: list[np.ndarray]
    rows: list[np.ndarray]
    losses: np.ndarray

    @classmethod
    def compute(cls, rounds: Iterable[Round]) -> HeldScores:
        """Fit all strengths in every round."""
        predictions, rows, errors, totals = [], [], [], []
        for train, test, places in rounds:
            found = np.stack([test.Z @ fit for fit in _fit_all(train)])
            # A task without labels in the training part has no fit to test.
            weights = test.weights * train.weights.any(axis=0)
            errors.append([_error(test, weights, scores) for scores in found])
            totals.append(weights.sum(axis=0))
            predictions.append(found)
            rows.append(places)
        total = np.maximum(np.sum(totals, axis=0), 1e-300)
        return cls(predictions, rows, np.sum(errors, axis=0) / total)

    def scores(self, chosen: np.ndarray) -> np.ndarray:
        """Return the scores of all held-out samples for a strength of each column.

        Shapes: chosen (n_columns,) -> (n_held_out, n_columns).
        """
        columns = np.arange(len(chosen))
        out = np.empty((sum(map(len, self.rows)), len(chosen)))
        for found, places in zip(self.predictions, self.rows, strict=True):
            out[places] = found[chosen, :, columns].T
        return out


def _fit_all(train: Numbers) -> np.ndarray:
    """Return coefficients of all strengths, NaN for columns without a label."""
    shape = (len(STRENGTHS), train.targets.shape[1])
    grid = np.broadcast_to(STRENGTHS[:, None], shape)
    fit = solve_ridge(train.Z, train.targets, train.weights, grid, tol=_ROUGH)
    fit[:, :, ~train.weights.any(axis=0)] = np.nan
    return fit


def _error(test: Numbers, weights: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the weighted squared errors (n_columns,); 0 where there is no fit."""
    errors = np.nan_to_num(scores - test.targets)
    return np.sum(weights * errors**2, axis=0)
