"""Layout of the coefficient matrix: task and class of each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["TaskColumns"]


@dataclass(frozen=True)
class TaskColumns:
    """Layout of the columns of W.

    A regression or binary task has one column; a task with K > 2 classes has K columns.
    Columns in the same *slot* have the same meaning in different tasks and can be
    shared. All regression and binary tasks have the same slot, and so has class k of
    all tasks with K classes.

    Attributes
    ----------
    task : ndarray of shape (n_columns,)
        Task of each column.
    slot : ndarray of shape (n_columns,)
        Slot of each column, 0 .. n_slots - 1.
    """

    task: np.ndarray
    slot: np.ndarray

    @classmethod
    def plain(cls, n_tasks: int) -> TaskColumns:
        """Return the layout with one column per task."""
        return cls(np.arange(n_tasks), np.zeros(n_tasks, dtype=np.intp))

    @classmethod
    def from_widths(cls, widths: Sequence[int]) -> TaskColumns:
        """Return the layout of tasks with the given numbers of columns."""
        keys = [(width, k) for width in widths for k in range(width)]
        slots = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        return cls(
            np.repeat(np.arange(len(widths)), widths),
            np.array([slots[key] for key in keys], dtype=np.intp),
        )

    @property
    def n_columns(self) -> int:
        """Number of columns of W."""
        return len(self.task)

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return int(self.task[-1]) + 1

    @property
    def indicator(self) -> np.ndarray:
        """Slot membership, (n_columns, n_slots) of zeros and ones."""
        return np.eye(self.slot.max() + 1)[self.slot]

    def task_norms(self, W: np.ndarray) -> np.ndarray:
        """Return the Frobenius norm of each task's columns, shape (n_tasks,)."""
        squares = np.einsum("jc,jc->c", W, W)
        return np.sqrt(np.bincount(self.task, squares, minlength=self.n_tasks))


def columns_of(W: np.ndarray, columns: TaskColumns | None) -> TaskColumns:
    """Return `columns`, or one column per task if it is None."""
    return TaskColumns.plain(W.shape[1]) if columns is None else columns
