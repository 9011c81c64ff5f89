"""Encoding of the labels of all tasks as standardised columns, and decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.tasks import Task, TaskSet

__all__ = ["TargetEncoding", "few_digits", "on_grid"]

# Columns are rounded to multiples of this, so that their sums are exact. Ties between
# splits then depend neither on the order of samples nor on whether samples are repeated
# or weighted.
_GRID = 2.0**-24
_DIGITS = 2.0**12
_EPS = 10 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class TargetEncoding:
    """Indicators of classes and values of regression tasks, centred and scaled.

    Regression tasks and tasks with two classes have one column, tasks with K > 2
    classes have K columns. Each task has variance 1, summed over its columns. A missing
    label is 0 in all columns of its task, which is their mean.

    Attributes
    ----------
    task_set : TaskSet
        The tasks.
    places : tuple of (int, slice)
        Index and columns of each task. Constant and empty tasks have no columns.
    mean, scale : ndarray of shape (n_columns,)
        Mean of each column, and standard deviation of its task.
    low, high : ndarray of shape (n_columns,)
        Range of the observed values in the units of the labels.
    """

    task_set: TaskSet
    places: tuple[tuple[int, slice], ...]
    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def learn(
        cls, task_set: TaskSet, codes: np.ndarray, weights: np.ndarray
    ) -> TargetEncoding:
        """Learn means, scales and ranges from the weighted labels.

        Shapes: codes (n_samples, n_tasks), weights (n_samples, n_tasks).
        """
        places, parts, start = [], [], 0
        for t, task in enumerate(task_set.tasks):
            seen = weights[:, t] > 0
            if task.kind in ("constant", "empty") or not seen.any():
                continue
            values = _columns(task, codes[seen, t])
            parts.append(_moments(values, weights[seen, t]))
            places.append((t, slice(start, start + values.shape[1])))
            start += values.shape[1]
        joined = [np.concatenate(p) for p in zip(*parts, strict=True)] if parts else []
        mean, scale, low, high = joined or [np.zeros(0)] * 4
        return cls(task_set, tuple(places), mean, scale, low, high)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.mean)

    @property
    def task_of_column(self) -> np.ndarray:
        """Index of the task of each column."""
        return np.array(
            [t for t, place in self.places for _ in range(place.stop - place.start)],
            dtype=np.intp,
        )

    def encode(self, codes: np.ndarray) -> np.ndarray:
        """Return the columns of labels.

        Shapes: codes (n_samples, n_tasks) -> (n_samples, n_columns).
        """
        out = np.zeros((len(codes), self.n_columns))
        for t, place in self.places:
            seen = ~np.isnan(codes[:, t])
            values = _columns(self.task_set.tasks[t], codes[seen, t])
            out[seen, place] = (values - self.mean[place]) / self.scale[place]
        return on_grid(out)

    def decode(self, columns: np.ndarray) -> list[np.ndarray]:
        """Return probabilities and values, clipped to the range of the labels.

        Shapes: columns (n_samples, n_columns).
        """
        raw = np.clip(columns * self.scale + self.mean, self.low, self.high)
        outputs = [constant_output(task, len(raw)) for task in self.task_set.tasks]
        for t, place in self.places:
            kind, values = self.task_set.tasks[t].kind, raw[:, place]
            if kind == "regression":
                outputs[t] = values[:, 0]
            elif kind == "binary":
                outputs[t] = np.hstack([1.0 - values, values])
            else:
                outputs[t] = _normalise(values, self.mean[place])
        return outputs


def on_grid(values: np.ndarray) -> np.ndarray:
    """Return rounded values whose sums are exact in any order."""
    return np.round(values / _GRID) * _GRID


def few_digits(weights: np.ndarray) -> np.ndarray:
    """Return weights rounded to 12 binary digits, whose sums are exact as well."""
    mantissa, exponent = np.frexp(weights)
    return np.ldexp(np.round(mantissa * _DIGITS) / _DIGITS, exponent)


def constant_output(task: Task, n_rows: int) -> np.ndarray:
    """Return the output of a task with a single class (1) or without labels (NaN)."""
    if task.kind == "constant":
        return np.ones((n_rows, 1))
    if task.is_classification:
        return np.full((n_rows, task.n_classes), np.nan)
    return np.full(n_rows, np.nan)


def _columns(task: Task, labels: np.ndarray) -> np.ndarray:
    """Return values, or indicators of all classes, or of the second of two classes."""
    if not task.is_classification:
        return labels[:, None]
    classes = np.arange(task.n_classes)[task.n_classes == 2 :]
    return (labels[:, None] == classes).astype(np.float64)


def _moments(values: np.ndarray, weights: np.ndarray) -> Sequence[np.ndarray]:
    """Return the mean, scale, minimum and maximum of each column of a task."""
    mean = np.average(values, axis=0, weights=weights)
    # Summed over the classes, so that tasks with many classes do not dominate.
    variance = np.average((values - mean) ** 2, axis=0, weights=weights).sum()
    is_rounding = variance <= (_EPS * np.abs(values).max()) ** 2
    scale = 1.0 if is_rounding else np.sqrt(variance)
    low, high = values.min(axis=0), values.max(axis=0)
    return mean, np.full(len(mean), scale), low, high


def _normalise(values: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return rows scaled to sum to 1, or the prior for rows of zeros."""
    total = values.sum(axis=1, keepdims=True)
    safe = np.where(total > 0, total, 1.0)
    return np.where(total > 0, values / safe, prior)
