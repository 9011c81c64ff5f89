"""Second stage of a blend: ridge corrections from predictions for other tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.ensemble._correction import SecondStage
from sklearn_mtl.ensemble._scores import ScoreColumns, from_scores, to_scores
from sklearn_mtl.neural_network import Labels
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._axes import MANY, leading_axes

__all__ = ["TaskStacking"]

# If there are more columns, only their leading principal components are used, because
# each task costs n_samples * n_columns^2.
MOST_COLUMNS = 64


@dataclass(frozen=True)
class TaskStacking:
    """Corrections of the predictions for each task from those for the other tasks.

    Attributes
    ----------
    task_set : TaskSet
        The tasks.
    columns : ScoreColumns
        Standardisation of the scores of all tasks.
    axes : ndarray of shape (n_columns, n_axes)
        Projection of the standardised scores. For each task, the scores of the task
        itself are excluded.
    fold : ndarray of shape (n_samples,)
        Fold of each sample that is held out.
    of_folds : dict of int to ndarray of shape (n_folds, n_axes, n_scores)
        Coefficients of each fold, for each corrected task by index. They were fitted,
        and their penalty was chosen, without the samples of the fold.
    mean : dict of int to ndarray of shape (n_axes, n_scores)
        Coefficients for new samples: the mean over the folds for a common penalty.
    gain : dict of int to float
        Decrease of the out-of-fold loss by the corrections `of_folds`, divided by the
        loss of the best constant; negative if they increase it.
    """

    task_set: TaskSet
    columns: ScoreColumns
    axes: np.ndarray
    fold: np.ndarray
    of_folds: dict[int, np.ndarray]
    mean: dict[int, np.ndarray]
    gain: dict[int, float]

    @classmethod
    def learn(
        cls,
        task_set: TaskSet,
        labels: Labels,
        outputs: Sequence[np.ndarray],
        fold: np.ndarray,
    ) -> TaskStacking | None:
        """Fit the corrections to held-out outputs, or return None for a single task.

        Shapes: outputs, for each task (n_samples,) or (n_samples, n_classes), fold
        (n_samples,).
        """
        columns, values = ScoreColumns.learn(task_set.tasks, outputs)
        n_folds = int(fold.max(initial=0)) + 1
        places = np.unique(columns.task_of_column).tolist()
        if len(places) < 2 or n_folds < 2:
            return None
        codes = np.where(labels.weights > 0, labels.codes, np.nan)
        stages = {
            t: SecondStage.read(
                task_set.tasks[t], codes[:, t], labels.weights[:, t], outputs[t]
            )
            for t in places
        }
        known = [t for t, one in stages.items() if one is not None and one.is_learned()]
        is_used = np.isin(columns.task_of_column, known)
        axes = _axes(values * is_used) * is_used[:, None]
        out = cls(task_set, columns, axes, fold, {}, {}, {})
        others = out._projection(values)
        for t, stage in stages.items():
            found = None if stage is None else stage.fit(others(t), fold, n_folds)
            if found is not None:
                out.of_folds[t], out.mean[t] = found.of_folds, found.mean
                out.gain[t] = found.gain
        return out

    def _projection(self, values: np.ndarray) -> Callable[[int], np.ndarray]:
        """Return a function of a task that projects the columns of the other tasks.

        Shapes: values (n_samples, n_columns) -> (n_samples, n_axes).
        """
        # projected once, because the cost would be quadratic in the number of tasks
        every = values @ self.axes

        def of_others(t: int) -> np.ndarray:
            own = np.flatnonzero(self.columns.task_of_column == t)
            return every - values[:, own] @ self.axes[own]

        return of_others

    def held_out(self, outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Correct held-out outputs with coefficients of fits without their fold."""
        others = self._projection(self.columns.encode(self.task_set.tasks, outputs))
        shifts = {}
        for t, coefficients in self.of_folds.items():
            inputs = others(t)
            shift = np.empty((len(inputs), coefficients.shape[2]))
            for number, own in enumerate(coefficients):
                rows = self.fold == number
                shift[rows] = inputs[rows] @ own
            shifts[t] = shift
        return self._shifted(outputs, shifts)

    def apply(self, outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Correct the outputs for new samples."""
        others = self._projection(self.columns.encode(self.task_set.tasks, outputs))
        used = {t: own for t, own in self.mean.items() if own.any()}
        return self._shifted(outputs, {t: others(t) @ own for t, own in used.items()})

    def coefficients(self, t: int) -> np.ndarray:
        """Return the coefficients of all scores for a task; 0 for its own scores.

        Shapes: -> (n_columns, n_scores).
        """
        is_other = self.columns.task_of_column != t
        return (is_other[:, None] * self.axes) @ self.mean[t]

    def _shifted(
        self, outputs: Sequence[np.ndarray], shifts: dict[int, np.ndarray]
    ) -> list[np.ndarray]:
        """Return outputs with the scores of some tasks shifted."""
        out, tasks = list(outputs), self.task_set.tasks
        for t, shift in shifts.items():
            out[t] = from_scores(tasks[t], to_scores(tasks[t], outputs[t]) + shift)
        return out


def _axes(columns: np.ndarray) -> np.ndarray:
    """Return principal axes (n_columns, n_axes), or the identity for few columns.

    Shapes: columns (n_samples, n_columns).
    """
    n_columns = columns.shape[1]
    if n_columns <= MOST_COLUMNS:
        return np.eye(n_columns)
    if n_columns > MANY:
        products = columns.__matmul__, columns.T.__matmul__
        return leading_axes(*products, n_columns, MOST_COLUMNS)[:, ::-1]
    return np.linalg.eigh(columns.T @ columns)[1][:, ::-1][:, :MOST_COLUMNS]
