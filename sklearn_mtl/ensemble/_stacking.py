"""A second stage for each task: a ridge correction by what the other tasks predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.ensemble._correction import SecondStage
from sklearn_mtl.ensemble._scores import ScoreColumns, from_scores, to_scores
from sklearn_mtl.neural_network import Labels
from sklearn_mtl.tasks import TaskSet

__all__ = ["TaskStacking"]

# With more columns, their leading principal components stand for them: each task costs
# n_samples x n_columns^2.
MOST_COLUMNS = 64


@dataclass(frozen=True)
class TaskStacking:
    """What the predictions of the other tasks add to those of each task.

    Attributes
    ----------
    task_set : TaskSet
        The tasks.
    columns : ScoreColumns
        How the tasks are read.
    fold : ndarray of shape (n_samples,)
        Fold of each sample that is held out.
    of_folds : dict of int to ndarray of shape (n_folds, n_columns, n_scores)
        For the tasks that are corrected, by number, coefficients that were fitted, and
        whose penalty was chosen, without a fold.
    mean : dict of int to ndarray of shape (n_columns, n_scores)
        Coefficients for new samples: the mean over the folds, with one penalty.
    gain : dict of int to float
        What the corrections of the folds take off the loss out of fold, relative to
        the loss of the best constant; negative where they add to it.
    """

    task_set: TaskSet
    columns: ScoreColumns
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
        """Fit the corrections on outputs of held-out samples; None for a lone task.

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
        out = cls(task_set, columns, fold, {}, {}, {})
        for t, stage in stages.items():
            # (n_columns, n_axes), zero for the task itself
            others = axes * (columns.task_of_column != t)[:, None]
            found = None if stage is None else stage.fit(values @ others, fold, n_folds)
            if found is not None:
                out.of_folds[t] = others @ found.of_folds
                out.mean[t] = others @ found.mean
                out.gain[t] = found.gain
        return out

    def held_out(self, outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Correct outputs of the samples of `learn`, each without its fold."""
        columns = self.columns.encode(self.task_set.tasks, outputs)
        shifts = {}
        for t, coefficients in self.of_folds.items():
            shift = np.empty((len(columns), coefficients.shape[2]))
            for number, own in enumerate(coefficients):
                rows = self.fold == number
                shift[rows] = columns[rows] @ own
            shifts[t] = shift
        return self._shifted(outputs, shifts)

    def apply(self, outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Correct outputs of new samples."""
        columns = self.columns.encode(self.task_set.tasks, outputs)
        used = {t: own for t, own in self.mean.items() if own.any()}
        return self._shifted(outputs, {t: columns @ own for t, own in used.items()})

    def _shifted(
        self, outputs: Sequence[np.ndarray], shifts: dict[int, np.ndarray]
    ) -> list[np.ndarray]:
        """Return outputs whose scores are shifted; others are as they were."""
        out, tasks = list(outputs), self.task_set.tasks
        for t, shift in shifts.items():
            out[t] = from_scores(tasks[t], to_scores(tasks[t], outputs[t]) + shift)
        return out


def _axes(columns: np.ndarray) -> np.ndarray:
    """Return principal components (n_columns, n_axes), or all columns if they are few.

    Shapes: columns (n_samples, n_columns).
    """
    n_columns = columns.shape[1]
    if n_columns <= MOST_COLUMNS:
        return np.eye(n_columns)
    return np.linalg.eigh(columns.T @ columns)[1][:, ::-1][:, :MOST_COLUMNS]
