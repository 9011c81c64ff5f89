"""TaskSet: the one reader of y.

Everything that looks at targets - estimators, splitters, scorers, the comparison -
asks a TaskSet, so that a missing label, a class and a regression value mean the same
thing everywhere.
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
    """The tasks of one y: what they are, and how to encode and decode labels.

    Build it with `from_y`. Codes are float64 of shape (n_samples, n_tasks): the index
    of the class, or the value of a regression; NaN where the label is missing.

    Parameters
    ----------
    tasks : sequence of Task
        The tasks in column order.
    is_1d : bool
        Whether y was 1-D, so that predictions are too.
    has_names : bool
        Whether the names came with y.
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
            What the tasks may be. "mixed" infers: strings, booleans, categories, and
            integers or integral floats with at most 20 values are classes.
        who : str, default="TaskSet"
            Who asks; messages begin with it.
        task_types : str, sequence or dict, default=None
            Overrides the inference of "mixed": "classification" (or "binary",
            "multiclass"), "regression" or "tokens", for all tasks, in order, or by
            name.
        on_empty_task : {"raise", "warn"}, default="raise"
            What to do with a task that has no observed label.
        warn : bool, default=True
            Whether to warn of single classes, sentinels, empty tasks, and types that a
            few labels decide.
        sample_weight : None, number or array-like, default=None
            Weights of samples or labels. A label of weight 0 is a missing label, so a
            class whose labels all have weight 0 is no class of its task.
        allow_tokens : bool, default=False
            Whether labels may be lists with a tag for each token of their sample. A
            list of such lists is a table, unless `task_types` says "tokens".

        Returns
        -------
        task_set : TaskSet
            The tasks.
        codes : ndarray of shape (n_samples, n_tasks)
            Encoded labels, NaN where missing; 0 where a label is a list of tags.

        Raises
        ------
        TaskError
            If a task has no label, fractional classes, text as a regression, mixed
            types, or tags of tokens where they are not allowed.
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
        """Declare the tasks at the first call of partial_fit.

        A task of a known type may be without a label in that call: a classification
        whose classes are declared, or a regression where `on_empty_task` is "warn".

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            The first labels, which give names and form.
        classes : None, array-like, list of array-like, or dict
            All labels that will ever come: an array for 1-D y, else one a task, in
            order or by name, with None for a regression. None leaves "mixed" to
            `task_types`, or to infer from y.
        kind : {"mixed", "classification", "regression"}, default="mixed"
            What the tasks may be.
        who : str, default="TaskSet"
            Who asks; messages begin with it.
        task_types : str, sequence or dict, default=None
            Overrides the inference of "mixed", as in `from_y`.
        on_empty_task : {"raise", "warn"}, default="raise"
            What to do with a regression that has no label yet, or a task of unknown
            type that has none.
        sample_weight : None, number or array-like, default=None
            Weights of samples or labels. A label of weight 0 is a missing label.

        Returns
        -------
        TaskSet
            The tasks.

        Raises
        ------
        ValueError
            If a classifier gets no classes.
        TaskError
            If a classification has no classes, a regression has some, or a task that is
            not a declared classification has no label.
        """
        columns = read_columns(y, who, sample_weight)
        tasks = read_first_tasks(columns, classes, kind, who, task_types, on_empty_task)
        return cls(tasks, columns.is_1d, columns.has_names)

    def with_periods(self, periods: Sequence[float | None]) -> TaskSet:
        """Return the same tasks, knowing after how much their values repeat.

        Parameters
        ----------
        periods : sequence of float or None
            One a task.

        Returns
        -------
        TaskSet
            Itself where no values repeat.
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
        """Sorted labels or tags of every task; None for a regression."""
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
            Name, as text or as it stood in y (2020, or a tuple); or column number.
            Where tasks are named by numbers, as schools and years are, a number is
            always a name.
        who : str, default="TaskSet"
            Who asks; the message begins with it.

        Returns
        -------
        int
            The column.

        Raises
        ------
        TaskError
            If there is no such task.
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
        """Encode another y of the same tasks, and bring its weights into task order.

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
            Encoded labels, NaN where missing or of weight 0.
        weights : ndarray or None
            The weights. The columns of an array go with those of y; the columns of a
            frame are matched by name.

        Raises
        ------
        TaskError
            As in `encode`, or if the weights are those of other tasks.
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
        """Encode another y of the same tasks.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_tasks), or TargetColumns
            Targets, perhaps read before.
        unseen : {"raise", "wrong"}, default="raise"
            A label that was not seen in fit is an error, or gets the code -1, which is
            never predicted, and one warning.
        who : str, default="TaskSet"
            Who asks; messages begin with it.
        sample_weight : None, number or array-like, default=None
            Weights of samples or labels. A label of weight 0 is a missing label.
        name : str, default="y"
            What the targets are called in messages.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Encoded labels, NaN where missing; 0 where a label is a list of tags.

        Raises
        ------
        TaskError
            If the number or the names of the tasks differ, or a label is unseen. The
            columns of a frame are matched by name.
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
        """Encode the tags of the tasks of tokens.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_tasks), or TargetColumns
            Targets, perhaps read before.
        unseen : {"raise", "wrong"}, default="raise"
            A tag that was not seen in fit is an error, or gets the code -1 and one
            warning.
        who : str, default="TaskSet"
            Who asks; messages begin with it.
        sample_weight : None, number or array-like, default=None
            Weights of samples or labels. A label of weight 0 is a missing label.
        name : str, default="y"
            What the targets are called in messages.

        Returns
        -------
        dict of int to TokenLabels
            The tags of each task of tokens, by its column.

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
        """Read another y, unless it is read already."""
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
        """Return labels in the form of the y that was read.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, n_tasks)
            Class indices or regression values; NaN in the column of an empty task.
            For tokens arrays with the numbers of their tags, in an array of dtype
            object.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
            In the dtype that the tasks share, else of dtype object.
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
        """Return the TaskSet of some of the tasks.

        Parameters
        ----------
        columns : sequence of int
            Which tasks, in their new order.
        is_1d : bool, default=False
            Whether decoded labels are 1-D.

        Returns
        -------
        TaskSet
            The chosen tasks.
        """
        return TaskSet([self.tasks[t] for t in columns], is_1d, self.has_names)

    def fill(self, columns: TargetColumns) -> np.ndarray:
        """Return the codes (n_samples, n_tasks) of labels that are read."""
        if columns.numbers is not None and not any(
            task.is_classification for task in self.tasks
        ):
            # in one order: sums over another differ in their last bits
            return columns.numbers.astype(np.float64, order="C")
        codes = np.full(columns.observed.shape, np.nan)
        for t, task in enumerate(self.tasks):
            codes[columns.observed[:, t], t] = task.encode(columns.values[t])
        return codes

    def in_order(
        self, columns: TargetColumns, who: str, name: str = "y"
    ) -> TargetColumns:
        """Return the columns of another y in the order of the tasks.

        Parameters
        ----------
        columns : TargetColumns
            The labels.
        who : str
            Who asks; messages begin with it.
        name : str, default="y"
            What the targets are called in messages.

        Returns
        -------
        TargetColumns
            The same, matched by name where both have names.

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
        if self.is_1d:  # whatever the series is called
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
    """Return what np.stack may join without changing a label: numbers, text, bools."""
    return {"i": "int", "u": "int", "f": "float"}.get(dtype.kind, dtype.kind)
