"""What a comparison consists of: its tasks, its models, and what went wrong."""

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
    """Return the name of the row that learns each task with a model of its own."""
    return f"{name}, one per task"


@dataclass(frozen=True)
class TaskRow:
    """One task, and how it is scored.

    Attributes
    ----------
    name : str
        Name of the task.
    kind : {"binary", "multiclass", "regression"}
        What it is.
    n_classes : int
        Number of classes; 0 for a regression.
    n_labels : int
        Number of observed labels.
    metric : str
        The score that counts; greater is better.
    beside : str or None
        A second score that is shown beside it.
    period : float or None
        After how much the values of a regression repeat.
    zero, unit : float
        Score of a constant prediction, and its distance to the perfect score: (0, 1)
        where all tasks share one metric in one unit. `skills` uses them.
    """

    name: str
    kind: str
    n_classes: int
    n_labels: int
    metric: str
    beside: str | None = None
    period: float | None = None
    zero: float = 0.0
    unit: float = 1.0


@dataclass(frozen=True)
class ModelRow:
    """One model of the comparison.

    Attributes
    ----------
    name : str
        Name of the row.
    role : {"dummy", "single", "twin", "shared"}
        "single" and "twin" learn each task apart, "shared" all tasks together.
    twin : str or None
        Name of the twin of a shared row, if it has one.
    estimator : str
        What was fitted, as text.
    alone : tuple of str
        Tasks with which a shared row shares nothing: the only one of its kind, where
        each kind has a model of its own.
    """

    name: str
    role: str
    twin: str | None = None
    estimator: str = ""
    alone: tuple[str, ...] = ()

    @property
    def is_candidate(self) -> bool:
        """Whether it may be selected automatically."""
        return self.role in ("dummy", "single")


def skills(scores: np.ndarray, tasks: Sequence[TaskRow]) -> np.ndarray:
    """Bring the scores of all tasks to one scale, of which a mean may be taken.

    The scores as they are where all tasks share one metric in one unit; otherwise the
    skill (score - constant) / (perfect - constant), which is 0 for a constant
    prediction and 1 for a perfect one.

    Shapes: scores (..., n_tasks) -> (..., n_tasks).
    """
    zeros = np.array([task.zero for task in tasks])
    return np.asarray((scores - zeros) / [task.unit for task in tasks])


def shared_names(models: Sequence[ModelRow]) -> list[str]:
    """Return the names of the rows that learn all tasks together."""
    return [row.name for row in models if row.role == "shared"]


def paired_names(models: Sequence[ModelRow]) -> list[str]:
    """Return the names of the shared rows that have a twin."""
    return [row.name for row in models if row.twin is not None]


def shares_nothing(model: ModelRow, tasks: Sequence[TaskRow]) -> bool:
    """Return whether a shared row learns each task by itself."""
    return all(task.name in model.alone for task in tasks)


def shared_row(models: Sequence[ModelRow], name: str | None, who: str) -> str:
    """Return the name of a shared row: of the last one with a twin if none is named."""
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
        Name of the row.
    split : int
        Number of the split.
    kind : {"error", "warning"}
        An error leaves no score, a warning does.
    where : str
        "test", "choice" for the inner fits that select a single-task row, or "curve"
        for those with fewer labels.
    message : str
        One line.
    details : str
        The traceback of an error.
    """

    model: str
    split: int
    kind: str
    where: str
    message: str
    details: str = ""


@dataclass(frozen=True)
class Measured:
    """All numbers of a comparison; NaN where there is none.

    Attributes
    ----------
    scores, beside : ndarray of shape (n_models, n_splits, n_tasks)
        The score that counts, and the second one.
    fit_seconds, predict_seconds : ndarray of shape (n_models, n_splits)
        Wall-clock time of each fit and of the predictions of its test part.
    n_train, n_test : ndarray of shape (n_splits, n_tasks)
        Labels learned from in the training part, and scored in the test part.
    n_held_out : ndarray of shape (n_splits, n_tasks)
        Labels of the test part that would have been learned from; fewer than `n_test`
        where labels are hidden from training.
    chosen : ndarray of shape (n_splits, n_tasks), int
        The single-task row that was selected automatically; -1 where there is none.
    model_bytes : ndarray of shape (n_models, n_splits)
        Size of the fitted model when pickled.
    """

    scores: np.ndarray
    beside: np.ndarray
    fit_seconds: np.ndarray
    predict_seconds: np.ndarray
    n_train: np.ndarray
    n_test: np.ndarray
    n_held_out: np.ndarray
    chosen: np.ndarray
    model_bytes: np.ndarray

    def selected(self, which: str = "scores") -> np.ndarray:
        """Return the test scores of the selected rows (n_splits, n_tasks)."""
        values = getattr(self, which)
        # Without a choice the place is -1, and the score NaN.
        picked = np.maximum(self.chosen, 0)[None]
        best = np.take_along_axis(values, picked, axis=0)[0]
        return np.where(self.chosen < 0, np.nan, best)

    @property
    def in_means(self) -> np.ndarray:
        """Return which tasks count in means over tasks (n_tasks,)."""
        return tasks_in_means(self.scores)

    @property
    def ratios(self) -> np.ndarray:
        """Return n_held_out / n_train of every task, and last of all tasks together.

        The overlap of two training parts is what counts: labels that are hidden from
        training make no difference to it, though they are scored in the test part.
        """
        out, train = self.n_held_out.sum(axis=0), self.n_train.sum(axis=0)
        return np.append(out, out.sum()) / np.append(train, train.sum())
