"""Features from the outputs of all tasks, for models of the size of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sklearn_mtl.tasks import Task, unit_vectors

__all__ = ["Axes", "OutputFeatures", "output_columns"]

_N_AXES = 8  # principal axes of the outputs of all tasks
_FAR = 4.0  # standardised outputs are clipped to this absolute value
_TINY = 1e-300


@dataclass(frozen=True)
class OutputFeatures:
    """Standardised outputs (n_samples, n_columns) and their principal coordinates."""

    columns: np.ndarray
    coordinates: np.ndarray

    def of_task(self, own: slice, rows: np.ndarray | slice) -> np.ndarray:
        """Return a constant, the output of the task, its square, and all coordinates.

        Shapes: -> (n_rows, n_features).
        """
        z = self.columns[rows, own]
        constant = np.ones((len(z), 1))
        return np.hstack([constant, z, z**2 - 1.0, self.coordinates[rows]])


@dataclass(frozen=True)
class Axes:
    """Means, scales and principal axes of the outputs of all tasks."""

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray

    @classmethod
    def learn(cls, columns: np.ndarray) -> Axes:
        """Learn from outputs (n_samples, n_columns), NaN where missing."""
        gaps = np.isnan(columns)
        count = np.maximum((~gaps).sum(axis=0), 1)
        mean = np.where(gaps, 0.0, columns).sum(axis=0) / count
        apart = np.where(gaps, 0.0, columns - mean)
        scale = np.sqrt((apart**2).sum(axis=0) / count)
        scale = np.where(scale > 0, scale, 1.0)
        Z = np.clip(apart / scale, -_FAR, _FAR)
        values, vectors = linalg.eigh(Z.T @ Z / max(len(Z), 1))
        largest = values.max(initial=_TINY)
        first = np.flatnonzero(values > 1e-6 * largest)[::-1][:_N_AXES]
        return cls(mean, scale, vectors[:, first] / np.sqrt(values[first]))

    def features(self, columns: np.ndarray) -> OutputFeatures:
        """Return the features of outputs (n_samples, n_columns)."""
        Z = np.clip((columns - self.mean) / self.scale, -_FAR, _FAR)
        Z = np.nan_to_num(Z, nan=0.0)  # a missing output is replaced by the mean
        return OutputFeatures(Z, Z @ self.axes)


def output_columns(
    tasks: Sequence[Task], outputs: Sequence[np.ndarray]
) -> tuple[np.ndarray, list[slice]]:
    """Return the outputs of all tasks as columns, and the columns of each task.

    The columns are values, points on the unit circle, and the probabilities of all
    classes except the first one.

    Shapes: -> (n_samples, n_columns).
    """
    parts, places, start = [], [], 0
    for task, output in zip(tasks, outputs, strict=True):
        if task.classes is not None:
            own = output[:, 1:]
        elif task.period is not None:
            own = unit_vectors(output, task.period)
        else:
            own = output[:, None]
        parts.append(own)
        places.append(slice(start, start + own.shape[1]))
        start += own.shape[1]
    return np.hstack(parts), places
