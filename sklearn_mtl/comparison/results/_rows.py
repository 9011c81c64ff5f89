"""Records of the tasks, models, problems and scores of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.metrics import tasks_in_means

__all__ = [
    "SELECTED",
    "FitProblem",
    "Measured",
    "ModelRow",
    "TaskRow",
    "paired_names",
    "shared_names",
    "shared_row",
    "shares_nothing",
    "skills",
    "twin_name",
]

SELECTED = "automatically selected"


def twin_name(name: str) -> str:
    """Return the name of the twin, which fits one model per task."""
    return f"{name}, one per task"


@dataclass(frozen=True)
class TaskRow:
    """A task of the comparison and its metrics.

    Attributes
    ----------
    name : str
        Name of the task.
    kind : {"binary", "multiclass", "regression", "tokens"}
        Kind of the task.
    n_classes : int
        Number of classes; 0 for regression tasks.
    n_labels : int
        Number of observed labels.
    metric : str
        Main metric; greater is better.
    second_metric : str or None
        Second metric, which is only reported.
    period : float or None
        Period of circular regression values.
    zero, unit : float
        Score of a constant prediction, and its distance to the perfect score, which
        `skills` uses. They are 0 and 1 if all tasks have the same metric and unit.
    """

    name: str
    kind: str
    n_classes: int
    n_labels: int
    metric: str
    second_metric: str | None = None
    period: float | None = None
    zero: float = 0.0
    unit: float = 1.0


@dataclass(frozen=True)
class ModelRow:
    """A model of the comparison.

    Attributes
    ----------
    name : str
        Name of the model.
    role : {"dummy", "single", "twin", "shared"}
        "shared" learns all tasks together. The other roles learn each task separately.
    twin : str or None
        Name of the twin of a shared model, if it has one.
    estimator : str
        Text representation of the estimator.
    alone : tuple of str
        Tasks of a shared model that share no parameters with other tasks, such as the
        only regression task of a model that fits each kind of task separately.
    """

    name: str
    role: str
    twin: str | None = None
    estimator: str = ""
    alone: tuple[str, ...] = ()

    @property
    def is_candidate(self) -> bool:
        """Return whether the model can be selected automatically."""
        return self.role in ("dummy", "single")


def skills(scores: np.ndarray, tasks: Sequence[TaskRow]) -> np.ndarray:
    """Convert the scores of all tasks to a common scale, so that they can be averaged.

    If all tasks have the same metric and unit, the scores are returned unchanged.
    Otherwise, the skill (score - constant) / (perfect - constant) is returned, which is
    0 for a constant prediction and 1 for a perfect one.

    Shapes: scores (..., n_tasks) -> (..., n_tasks).
    """
    zeros = np.array([task.zero for task in tasks])
    return np.asarray((scores - zeros) / [task.unit for task in tasks])


def shared_names(models: Sequence[ModelRow]) -> list[str]:
    """Return the names of the models that learn all tasks together."""
    return [row.name for row in models if row.role == "shared"]


def paired_names(models: Sequence[ModelRow]) -> list[str]:
    """Return the names of the shared models that have a twin."""
    return [row.name for row in models if row.twin is not None]


def shares_nothing(model: ModelRow, tasks: Sequence[TaskRow]) -> bool:
    """Return whether no task of a shared model shares parameters with another task."""
    return all(task.name in model.alone for task in tasks)


def shared_row(models: Sequence[ModelRow], name: str | None, who: str) -> str:
    """Return the name of a shared model; None selects the last one with a twin."""
    shared = shared_names(models)
    paired = paired_names(models) or shared
    chosen = paired[-1] if name is None and paired else name
    if chosen not in shared:
        raise ValueError(f"{who}: no shared model {chosen!r}. Shared models: {shared}.")
    return str(chosen)


@dataclass(frozen=True)
class FitProblem:
    """An error or a warning of one model in one split.

    Attributes
    ----------
    model : str
        Name of the model.
    split : int
        Index of the split.
    kind : {"error", "warning"}
        Kind of the problem. The score is missing after an error.
    where : str
        "test" for the outer fits, "choice" for the inner fits that select a single-task
        model, or "curve" for the fits to fewer labels.
    message : str
        Message in one line.
    details : str
        Traceback of an error.
    """

    model: str
    split: int
    kind: str
    where: str
    message: str
    details: str = ""


@dataclass(frozen=True)
class Measured:
    """Arrays of a comparison, with NaN for missing values.

    Attributes
    ----------
    scores, second_scores : ndarray of shape (n_models, n_splits, n_tasks)
        Scores by the main and the second metric of each task.
    fit_seconds, predict_seconds : ndarray of shape (n_models, n_splits)
        Wall-clock time of each fit and of the predictions on its test set.
    n_train, n_test : ndarray of shape (n_splits, n_tasks)
        Number of labels of the training set used for fitting, and of the test set used
        for scoring.
    n_held_out : ndarray of shape (n_splits, n_tasks)
        Number of labels of the test set that are available for training in other
        splits. It is less than `n_test` if labels are hidden from training.
    chosen : ndarray of shape (n_splits, n_tasks), int
        Index of the automatically selected model, or -1 if there is none.
    model_bytes : ndarray of shape (n_models, n_splits)
        Size of the pickled model in bytes.
    """

    scores: np.ndarray
    second_scores: np.ndarray
    fit_seconds: np.ndarray
    predict_seconds: np.ndarray
    n_train: np.ndarray
    n_test: np.ndarray
    n_held_out: np.ndarray
    chosen: np.ndarray
    model_bytes: np.ndarray

    def selected(self, which: str = "scores") -> np.ndarray:
        """Return the test scores of the selected models (n_splits, n_tasks)."""
        values = getattr(self, which)
        # -1 is replaced by a valid index here, and its score by NaN below.
        picked = np.maximum(self.chosen, 0)[None]
        best = np.take_along_axis(values, picked, axis=0)[0]
        return np.where(self.chosen < 0, np.nan, best)

    @property
    def in_means(self) -> np.ndarray:
        """Return which tasks are included in means over tasks (n_tasks,)."""
        return tasks_in_means(self.scores)

    @property
    def ratios(self) -> np.ndarray:
        """Return n_held_out / n_train of every task and, last, of all tasks together.

        The ratio describes the overlap of two training sets. Labels that are hidden
        from training do not change it, although they are scored in the test set.
        """
        out, train = self.n_held_out.sum(axis=0), self.n_train.sum(axis=0)
        return np.append(out, out.sum()) / np.append(train, train.sum())
