"""Labels of all tasks as standardised columns, for splits that depend on the labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from sklearn_mtl.losses import OutputLayout
from sklearn_mtl.preprocessing import column_moments, usable_scale
from sklearn_mtl.tasks import Task, TaskSet, unit_vectors
from sklearn_mtl.utils._axes import MANY, leading_axes

__all__ = ["label_columns"]

_N_AXES = 8  # as many as the placement of edges uses


def label_columns(
    task_set: TaskSet,
    layout: OutputLayout,
    codes: np.ndarray,
    weights: np.ndarray,
    row_weights: np.ndarray,
    members: np.ndarray,
    m: int,
) -> np.ndarray:
    """Return labels as columns, standardised on the samples of one member.

    Missing labels are 0. Classes become indicator columns, one for a binary task.
    Each label is multiplied by its weight and divided by the weight of its sample,
    so that sums weighted by sample are sums weighted by label. More than 512 outputs
    are replaced by their first eight principal axes.

    Shapes: codes, weights (n_samples, n_tasks), row_weights (n_samples,), members
    (n_sets, n_samples) -> (n_samples, n_columns).
    """
    unit = np.where(row_weights > 0, row_weights, 1.0)
    if layout.n_outputs > MANY:
        tasks = [task_set.tasks[t] for t in layout.order]
        cells = _Cells.of(layout.order, codes, weights, unit, members[m])
        matrix = _LabelMatrix(tasks, cells, len(codes))
        return matrix.times(matrix.axes(np.sqrt(members[m] * row_weights)[:, None]))
    columns = [np.empty((len(codes), 0))]  # in case no task is trained
    share = weights / unit[:, None]
    for t in layout.order:
        task, label_weights = task_set.tasks[t], members[m] * weights[:, t]
        values = codes[:, [t]]
        if task.classes is not None:
            labels = np.arange(task.n_classes)[task.n_classes == 2 :]
            values = np.where(np.isnan(values), np.nan, values == labels)
        elif task.period is not None:
            values = unit_vectors(values[:, 0], task.period)
        mean, scale = column_moments(values, label_weights[None])
        columns.append((values - mean) / scale * share[:, [t]])
    return np.nan_to_num(np.hstack(columns), nan=0.0)


class _Cells(NamedTuple):
    """Observed labels: sample, place of the task, code, weights for two purposes."""

    rows: np.ndarray
    places: np.ndarray
    codes: np.ndarray
    shares: np.ndarray  # factor of the label in the matrix
    weights: np.ndarray  # weight of the label in means and scales

    @classmethod
    def of(
        cls,
        order: np.ndarray,
        codes: np.ndarray,
        weights: np.ndarray,
        unit: np.ndarray,
        member: np.ndarray,
    ) -> _Cells:
        """Return the labels of the trained tasks that have a positive weight."""
        place_of = np.full(codes.shape[1], -1)
        place_of[order] = np.arange(len(order))
        rows, tasks = np.nonzero(weights)  # the weight of a missing label is 0
        places = place_of[tasks]
        kept = places >= 0
        rows, tasks = rows[kept], tasks[kept]
        found = weights[rows, tasks]
        parts = codes[rows, tasks], found / unit[rows], found * member[rows]
        return cls(rows, places[kept], *parts)

    def take(self, chosen: np.ndarray) -> _Cells:
        """Return some of the labels."""
        return _Cells(*(values[chosen] for values in self))


class _LabelMatrix:
    """Standardised labels S = (A - B M) / scale with sparse A, B and M.

    An indicator column has a value for each label of its task, so S has many more
    entries than there are labels. A holds only the class of each label, B the tasks
    that have a label, and M the means of the columns of each task.
    """

    def __init__(self, tasks: list[Task], cells: _Cells, n_rows: int) -> None:
        widths = np.array([_width(task) for task in tasks])
        is_class = np.array([task.classes is not None for task in tasks])
        first, n_columns = np.cumsum(widths) - widths, int(widths.sum())
        labels = cells.take(is_class[cells.places])
        codes = labels.codes.astype(np.intp)
        # a binary task has only the indicator of its second class
        is_pair = widths[labels.places] == 1
        has_entry = ~is_pair | (codes == 1)
        at = (first[labels.places] + np.where(is_pair, 0, codes))[has_entry]
        entries = [(labels.rows[has_entry], at, labels.shares[has_entry])]
        place = np.repeat(np.arange(len(tasks)), widths)
        total = np.bincount(labels.places, labels.weights, len(tasks))[place]
        total = np.where(total > 0, total, 1.0)
        mean = np.bincount(at, labels.weights[has_entry], n_columns) / total
        variance, size = mean * (1.0 - mean), mean.copy()
        for start, numbers in _numbers(tasks, is_class, first, cells):
            at = start[numbers.places]
            own = np.bincount(at, numbers.weights, n_columns)
            own = np.where(own > 0, own, 1.0)
            centre = np.bincount(at, numbers.weights * numbers.codes, n_columns) / own
            size += centre
            apart = numbers.codes - centre[at]
            variance += np.bincount(at, numbers.weights * apart**2, n_columns) / own
            # centred here, because products with large means would cancel
            entries.append((numbers.rows, at, numbers.shares * apart))
        rows, at, values = (np.concatenate(part) for part in zip(*entries, strict=True))
        shape = n_rows, n_columns
        self.entries = sparse.csr_array((values, (rows, at)), shape=shape)
        shape = n_rows, len(tasks)
        pair = labels.rows, labels.places
        self.observed = sparse.csr_array((labels.shares, pair), shape=shape)
        pair = place, np.arange(n_columns)
        self.means = sparse.csr_array((mean, pair), shape=(len(tasks), n_columns))
        self.scale = usable_scale(size, variance)[:, None]

    def times(self, right: np.ndarray) -> np.ndarray:
        """Return S @ right."""
        right = right / self.scale
        return self.entries @ right - self.observed @ (self.means @ right)

    def transposed_times(self, right: np.ndarray) -> np.ndarray:
        """Return S.T @ right."""
        means = self.means.T @ (self.observed.T @ right)
        return (self.entries.T @ right - means) / self.scale

    def axes(self, root: np.ndarray) -> np.ndarray:
        """Return the axes with the largest variance, for square roots of weights."""
        return leading_axes(
            lambda right: root * self.times(right),
            lambda right: self.transposed_times(root * right),
            self.entries.shape[1],
            _N_AXES,
        )


def _width(task: Task) -> int:
    if task.classes is not None:
        return task.n_classes if task.n_classes > 2 else 1
    return 1 if task.period is None else 2


def _numbers(
    tasks: list[Task], is_class: np.ndarray, first: np.ndarray, cells: _Cells
) -> list[tuple[np.ndarray, _Cells]]:
    """Return first columns and labels of numbers, and of both coordinates of angles."""
    period = np.array([task.period or np.nan for task in tasks])
    is_angle = ~np.isnan(period)
    angles = cells.take(is_angle[cells.places])
    points = unit_vectors(angles.codes / period[angles.places], 1.0)
    others = cells.take(~(is_class | is_angle)[cells.places])
    coordinates = [(first + k, angles._replace(codes=points[:, k])) for k in range(2)]
    return [(first, others), *coordinates]
