"""TaskSet: the tasks of y, with the encoding and decoding of their labels.

Estimators, splitters, scorers and the comparison all read targets with a TaskSet.
Therefore missing labels, classes and regression values are treated in the same way
everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._declare import read_first_tasks
from sklearn_mtl.tasks._infer import is_of_tokens, warn_of_unseen
from sklearn_mtl.tasks._names import find_task
from sklearn_mtl.tasks._read_y import TargetColumns, read_columns
from sklearn_mtl.tasks._task import Task, read_tasks
from sklearn_mtl.tasks._tokens import TokenLabels, holds_lists
from sklearn_mtl.utils._typing import TargetsLike, TaskKey, TaskTypes

__all__ = ["Task", "TaskSet"]


class TaskSet:
    """The tasks of y: their types, and the encoding and decoding of their labels.

    Use `from_y` to create a TaskSet. Codes are float64 of shape (n_samples, n_tasks):
    the index of the class, or the value of a regression task; NaN if the label is
    missing.

    Parameters
    ----------
    tasks : sequence of Task
        The tasks in column order.
    is_1d : bool
        Whether y was 1-D. In this case predictions are also 1-D.
    has_names : bool
        Whether y had column names.
    """

    def __init__(self, tasks: Sequence[Task], is_1d: bool, has_names: bool) -> None:
        self.tasks = tuple(tasks)
        self.is_1d = is_1d
        self.has_names = has_names

    @classmethod
    def from_y(
        cls,
        y: TargetsLike,
        *,
        kind: str = "mixed",
        who: str = "TaskSet",
        task_types: TaskTypes | None = None,
        on_empty_task: str = "raise",
        warn: bool = True,
        sample_weight: ArrayLike | None = None,
        allow_tokens: bool = False,
    ) -> tuple[TaskSet, np.ndarray]:
        """Read y at fit.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None, pandas.NA and pandas.NaT are missing labels.
        kind : {"mixed", "classification", "regression"}, default="mixed"
            Allowed types of tasks. "mixed" infers the type of each task: strings,
            booleans, categories, and integers or integral floats with at most 20
            different values are classes.
        who : str, default="TaskSet"
            Name of the caller, used as a prefix of messages.
        task_types : str, sequence or dict, default=None
            Types of the tasks with kind="mixed", instead of inference: "classification"
            (or "binary", "multiclass"), "regression" or "tokens", as one value for all
            tasks, in task order, or by task name.
        on_empty_task : {"raise", "warn"}, default="raise"
            Whether to raise or warn if a task has no observed label.
        warn : bool, default=True
            Whether to warn about tasks with a single class, sentinel values, tasks
            without labels, and inferred types that depend on a few labels.
        sample_weight : None, number or array-like, default=None
            Weights of samples or labels. A label of weight 0 is a missing label, so a
            class whose labels all have weight 0 is ignored.
        allow_tokens : bool, default=False
            Whether labels may be lists with one tag for each token of the sample. A
            list of such lists is read as a table unless `task_types` is "tokens".

        Returns
        -------
        task_set : TaskSet
            The tasks.
        codes : ndarray of shape (n_samples, n_tasks)
            Encoded labels, NaN where missing, and 0 where a label is a list of tags.

        Raises
        ------
        TaskError
            If a task has no labels, fractional class labels, strings as regression
            targets, labels of mixed types, or tags of tokens that are not allowed.
        """
        nested = is_of_tokens(task_types)
        columns = read_columns(y, who, sample_weight, nested=nested)
        tasks = read_tasks(
            columns, kind, who, task_types, on_empty_task, warn, allow_tokens
        )
        task_set = cls(tasks, columns.is_1d, columns.has_names)
        return task_set, task_set.fill(columns)

    @classmethod
    def from_classes(
        cls,
        y: TargetsLike,
        classes: Any,
        *,
        kind: str = "mixed",
        who: str = "TaskSet",
        task_types: TaskTypes | None = None,
        on_empty_task: str = "raise",
        sample_weight: ArrayLike | None = None,
    ) -> TaskSet:
        """Declare the tasks in the first call of partial_fit.

        A task may have no labels in this call if its type is known: a classification
        task with declared classes, or a regression task if `on_empty_task` is "warn".

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Labels of the first call. They determine the names and the shape.
        classes : None, array-like, list of array-like, or dict
            All classes that occur in any call: an array if y is 1-D, otherwise one
            array per task, in task order or by task name, with None for a regression
            task. If None and kind="mixed", the types are given by `task_types` or
            inferred from y.
        kind : {"mixed", "classification", "regression"}, default="mixed"
            Allowed types of tasks.
        who : str, default="TaskSet"
            Name of the caller, used as a prefix of messages.
        task_types : str, sequence or dict, default=None
            Types of the tasks, as in `from_y`.
        on_empty_task : {"raise", "warn"}, default="raise"
            Whether to raise or warn if a regression task, or a task of unknown type,
            has no observed label.
        sample_weight : None, number or array-like, default=None
            Weights of samples or labels. A label of weight 0 is a missing label.

        Returns
        -------
        TaskSet
            The tasks.

        Raises
        ------
        ValueError
            If classes is None for a classifier.
        TaskError
            If a classification task has no classes, a regression task has classes, or a
            task without declared classes has no label.
        """
        columns = read_columns(y, who, sample_weight)
        tasks = read_first_tasks(columns, classes, kind, who, task_types, on_empty_task)
        return cls(tasks, columns.is_1d, columns.has_names)

    def with_periods(self, periods: Sequence[float | None]) -> TaskSet:
        """Return the same tasks with periods.

        Parameters
        ----------
        periods : sequence of float or None
            Period of each task; None if it is not circular.

        Returns
        -------
        TaskSet
            Tasks with periods, or self if all periods are None.
        """
        if all(period is None for period in periods):
            return self
        pairs = zip(self.tasks, periods, strict=True)
        tasks = [replace(task, period=period) for task, period in pairs]
        return TaskSet(tasks, self.is_1d, self.has_names)

    @property
    def names(self) -> list[str]:
        """Names of the tasks, in column order."""
        return [task.name for task in self.tasks]

    @property
    def kinds(self) -> list[str]:
        """Kinds of the tasks, in column order."""
        return [task.kind for task in self.tasks]

    @property
    def classes(self) -> list[np.ndarray | None]:
        """Sorted classes or tags of each task; None for a regression task."""
        return [task.classes for task in self.tasks]

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.tasks)

    def index(self, task: TaskKey, who: str = "TaskSet") -> int:
        """Return the column of a task given by name or number.

        Parameters
        ----------
        task : str, int, or label of a column
            Name, as a string or as the original column label (2020, or a tuple), or
            column number. If a task name is a number, such as a year, numbers are
            always read as names.
        who : str, default="TaskSet"
            Name of the caller, used as a prefix of messages.

        Returns
        -------
        int
            Column number.

        Raises
        ------
        TaskError
            If the task is unknown.
        """
        return find_task(self.names, task, who)

    def encode_weighted(
        self,
        y: TargetsLike | None,
        sample_weight: ArrayLike | None,
        *,
        unseen: str = "raise",
        who: str = "TaskSet",
        name: str = "y",
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Encode y of the same tasks, and return its weights in task order.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets.
        sample_weight : None, number or array-like
            Weights of samples or labels. A label of weight 0 is a missing label.
        unseen, who, name : str
            As in `encode`.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_tasks)
            Encoded labels, NaN for missing labels and labels of weight 0.
        weights : ndarray or None
            Weights. The columns of an array are in the order of y; the columns of a
            DataFrame are matched by name.

        Raises
        ------
        TaskError
            As in `encode`, or if the weights belong to other tasks.
        """
        columns = self._read(y, who, sample_weight)
        columns = self.in_order(columns, who, name)
        codes = self.encode(columns, unseen=unseen, who=who, name=name)
        return codes, columns.weights

    def encode(
        self,
        y: Any,
        *,
        unseen: str = "raise",
        who: str = "TaskSet",
        sample_weight: ArrayLike | None = None,
        name: str = "y",
    ) -> np.ndarray:
        """Encode y of the same tasks.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_tasks), or TargetColumns
            Targets, possibly converted already.
        unseen : {"raise", "wrong"}, default="raise"
            How labels that were not seen in fit are handled: raise an error, or warn
            once and encode them as -1, which is never predicted.
        who : str, default="TaskSet"
            Name of the caller, used as a prefix of messages.
        sample_weight : None, number or array-like, default=None
            Weights of samples or labels. A label of weight 0 is a missing label.
        name : str, default="y"
            Name of the targets in messages.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Encoded labels, NaN where missing, and 0 where a label is a list of tags.

        Raises
        ------
        TaskError
            If the number or the names of the tasks differ, or if a label was not seen
            in fit. The columns of a DataFrame are matched by name.
        """
        columns = self.in_order(self._read(y, who, sample_weight), who, name)
        for task, values in zip(self.tasks, columns.values, strict=True):
            if task.kind != "empty" or not holds_lists(values):
                task.target.check_new(values, task.name, who)
        codes = self.fill(columns)
        unknown = self._unknown_labels(columns, codes)
        if unknown and unseen == "raise":
            raise self._unseen(unknown, "labels", who)
        if unknown:
            warn_of_unseen(unknown, who)
        return codes

    def encode_tokens(
        self,
        y: Any,
        *,
        unseen: str = "raise",
        who: str = "TaskSet",
        sample_weight: ArrayLike | None = None,
        name: str = "y",
    ) -> dict[int, TokenLabels]:
        """Encode the tags of token tasks.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_tasks), or TargetColumns
            Targets, possibly converted already.
        unseen : {"raise", "wrong"}, default="raise"
            How tags that were not seen in fit are handled: raise an error, or warn once
            and encode them as -1.
        who : str, default="TaskSet"
            Name of the caller, used as a prefix of messages.
        sample_weight : None, number or array-like, default=None
            Weights of samples or labels. A label of weight 0 is a missing label.
        name : str, default="y"
            Name of the targets in messages.

        Returns
        -------
        dict of int to TokenLabels
            Tags of each token task, by its column number.

        Raises
        ------
        TaskError
            As in `encode`.
        """
        places = [t for t, task in enumerate(self.tasks) if task.is_tokens]
        if not places:
            return {}
        columns = self.in_order(self._read(y, who, sample_weight), who, name)
        found, unknown = {}, {}
        for t in places:
            task, cells = self.tasks[t], columns.values[t]
            task.target.check_new(cells, task.name, who)
            found[t], new = task.encode_tokens(cells, columns.observed[:, t], who)
            if new:
                unknown[task.name] = new
        if unknown and unseen == "raise":
            raise self._unseen(unknown, "tags", who)
        if unknown:
            warn_of_unseen(unknown, who)
        return found

    def _read(self, y: Any, who: str, sample_weight: ArrayLike | None) -> TargetColumns:
        """Convert y, unless it is converted already."""
        if isinstance(y, TargetColumns):
            return y
        nested = self.is_1d and self.tasks[0].is_tokens
        return read_columns(y, who, sample_weight, self, nested=nested)

    def _unseen(self, unknown: dict[str, list], what: str, who: str) -> TaskError:
        name, found = next(iter(unknown.items()))
        known = self.tasks[self.index(name)].classes
        return TaskError(
            f"{who}: task {name!r} has {what} {found} in y that were not seen in fit. "
            f"Known classes: {known.tolist() if known is not None else []}."
        )

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return labels with the shape of the original y.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, n_tasks)
            Class indices or regression values; NaN for a task without labels. For token
            tasks, an array of dtype object that contains arrays of tag indices.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Labels of the common dtype of the tasks, or of dtype object if they differ.
        """
        columns = [task.decode(codes[:, t]) for t, task in enumerate(self.tasks)]
        if self.is_1d:
            return columns[0]
        if len({_family(column.dtype) for column in columns}) == 1:
            return np.stack(columns, axis=1)
        out = np.empty(codes.shape, dtype=object)
        for t, column in enumerate(columns):
            out[:, t] = column
        return out

    def subset(self, columns: Sequence[int], *, is_1d: bool = False) -> TaskSet:
        """Return a TaskSet with some of the tasks.

        Parameters
        ----------
        columns : sequence of int
            Column numbers of the tasks, in their new order.
        is_1d : bool, default=False
            Whether decoded labels are 1-D.

        Returns
        -------
        TaskSet
            The selected tasks.
        """
        return TaskSet([self.tasks[t] for t in columns], is_1d, self.has_names)

    def fill(self, columns: TargetColumns) -> np.ndarray:
        """Return the codes (n_samples, n_tasks) of converted labels."""
        if columns.numbers is not None and not any(
            task.is_classification for task in self.tasks
        ):
            # always C order, because sums in another order differ in their last bits
            return columns.numbers.astype(np.float64, order="C")
        codes = np.full(columns.observed.shape, np.nan)
        for t, task in enumerate(self.tasks):
            codes[columns.observed[:, t], t] = task.encode(columns.values[t])
        return codes

    def in_order(
        self, columns: TargetColumns, who: str, name: str = "y"
    ) -> TargetColumns:
        """Return the columns of y in the order of the tasks.

        Parameters
        ----------
        columns : TargetColumns
            Labels of the same tasks.
        who : str
            Name of the caller, used as a prefix of messages.
        name : str, default="y"
            Name of the targets in messages.

        Returns
        -------
        TargetColumns
            Columns in task order, matched by name if both have names.

        Raises
        ------
        TaskError
            If the number or the names of the tasks differ.
        """
        if len(columns.names) != self.n_tasks:
            raise TaskError(
                f"{who}: {name} has {len(columns.names)} tasks, but {self.n_tasks} "
                f"were seen in fit: {self.names}."
            )
        if self.is_1d:  # the name of a Series is ignored
            return columns
        return columns.like(self, name, who)

    def _unknown_labels(
        self, columns: TargetColumns, codes: np.ndarray
    ) -> dict[str, list]:
        unknown = {}
        for t, task in enumerate(self.tasks):
            if task.is_classification and not holds_lists(columns.values[t]):
                new = codes[columns.observed[:, t], t] < 0
                if new.any():
                    unknown[task.name] = np.unique(columns.values[t][new]).tolist()
        return unknown


def _family(dtype: np.dtype) -> str:
    """Return the family of dtypes that np.stack joins without changing labels."""
    return {"i": "int", "u": "int", "f": "float"}.get(dtype.kind, dtype.kind)
