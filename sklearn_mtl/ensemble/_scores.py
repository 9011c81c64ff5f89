"""Conversion of the outputs of all tasks to scores and standardised columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.tasks import Task

__all__ = ["SMALLEST", "ScoreColumns", "from_scores", "sigmoid", "to_scores"]

# Minimum distance of probabilities from 0 and 1, where their logits are infinite.
SMALLEST = 1e-5


def to_scores(task: Task, output: np.ndarray) -> np.ndarray:
    """Return values, or the logit of each class, or of the second of two classes.

    Shapes: output (n_samples,) or (n_samples, n_classes) -> (n_samples, n_scores).
    """
    if not task.is_classification:
        return output[:, None]
    chosen = output[:, 1:] if task.n_classes == 2 else output
    inside = np.clip(chosen, SMALLEST, 1.0 - SMALLEST)
    return np.log(inside) - np.log1p(-inside)


def from_scores(task: Task, scores: np.ndarray) -> np.ndarray:
    """Return values, or probabilities that sum to 1.

    Shapes: scores (n_samples, n_scores) -> (n_samples,) or (n_samples, n_classes).
    """
    if not task.is_classification:
        return scores[:, 0]
    proba = sigmoid(scores)
    if task.n_classes == 2:
        return np.hstack([1.0 - proba, proba])
    return proba / proba.sum(axis=1, keepdims=True)


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """Return the logistic function, computed by tanh to avoid overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * scores))


@dataclass(frozen=True)
class ScoreColumns:
    """Standardised scores of all tasks, clipped to the range of the training samples.

    Attributes
    ----------
    task_of_column : ndarray of shape (n_columns,)
        Index of the task of each column. Constant and empty tasks have no columns.
    mean, scale : ndarray of shape (n_columns,)
        Mean and standard deviation of each column.
    low, high : ndarray of shape (n_columns,)
        Range of the standardised columns. Clipping to it limits the effect of extreme
        predictions for a task on the other tasks.
    """

    task_of_column: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def learn(
        cls, tasks: Sequence[Task], outputs: Sequence[np.ndarray]
    ) -> tuple[ScoreColumns, np.ndarray]:
        """Learn the moments of outputs and return them with the columns.

        Missing outputs are replaced by the mean of their column.

        Shapes: -> columns (n_samples, n_columns).
        """
        scores, task_of_column = _stacked(tasks, outputs)
        known = ~np.isnan(scores)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, scores, 0.0).sum(axis=0) / count
        centred = np.where(known, scores - mean, 0.0)
        scale = np.sqrt(np.sum(centred**2, axis=0) / count)
        # avoid a division by 0 for constant columns
        scale = np.where(scale > 1e-8 * np.abs(mean), scale, 1.0)
        columns = centred / scale
        low, high = columns.min(axis=0), columns.max(axis=0)
        return cls(task_of_column, mean, scale, low, high), columns

    def encode(
        self, tasks: Sequence[Task], outputs: Sequence[np.ndarray]
    ) -> np.ndarray:
        """Return the columns (n_samples, n_columns) of outputs."""
        columns = (_stacked(tasks, outputs)[0] - self.mean) / self.scale
        return np.clip(np.where(np.isnan(columns), 0.0, columns), self.low, self.high)


def _stacked(
    tasks: Sequence[Task], outputs: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of all tasks and the index of the task of each column."""
    places = [
        t for t, task in enumerate(tasks) if task.kind not in ("constant", "empty")
    ]
    parts = [to_scores(tasks[t], outputs[t]) for t in places]
    owners = np.repeat(places, [part.shape[1] for part in parts]).astype(np.intp)
    if not parts:
        return np.empty((len(outputs[0]), 0)), owners
    return np.hstack(parts), owners
