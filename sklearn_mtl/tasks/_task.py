"""One target column: its type, and the encoding of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._by_task import by_task
from sklearn_mtl.tasks._infer import (
    infer_kind,
    parse_task_types,
    refuse_single_tag,
    warn_of_close_type,
    warn_of_empty_task,
    warn_of_sentinel,
    warn_of_single_class,
)
from sklearn_mtl.tasks._kinds import CLASSES, TARGET_KINDS, TargetKind, target_of
from sklearn_mtl.tasks._read_y import TargetColumns
from sklearn_mtl.tasks._tag_order import begins_spans, tags_before
from sklearn_mtl.tasks._tokens import TokenLabels, holds_lists, read_tags
from sklearn_mtl.utils._typing import TaskTypes

__all__ = [
    "Task",
    "read_task",
    "read_tasks",
    "warn_of_close_types",
]

_TARGETS = {target.type: target for target in TARGET_KINDS}


@dataclass(frozen=True)
class Task:
    """Type and classes of one target column.

    Attributes
    ----------
    name : str
        Column name.
    kind : {"binary", "multiclass", "regression", "tokens", "constant", "empty"}
        "constant" is a classification task with one class, "empty" a task without any
        observed label. A label of "tokens" is a list of tags.
    classes : ndarray of shape (n_classes,) or None
        Sorted classes, or tags of tokens, in their original dtype; None for a
        regression task.
    dtype : numpy.dtype
        Dtype of the labels, and of predictions.
    period : float or None
        Period of a circular regression task, otherwise None.
    begins_spans : bool
        Whether each tag I-x follows B-x or I-x in the labels. Predictions then have the
        same order.
    """

    name: str
    kind: str
    classes: np.ndarray | None
    dtype: np.dtype
    period: float | None = None
    begins_spans: bool = False

    @property
    def target(self) -> TargetKind:
        """Kind of target, with its encoding, strata and metrics."""
        return target_of(self.kind, self.classes)

    @property
    def is_classification(self) -> bool:
        """True if each label is one of the classes."""
        return self.classes is not None and not self.is_tokens

    @property
    def is_tokens(self) -> bool:
        """True if each label is a list with one tag for each token of the sample."""
        return self.kind == "tokens"

    @property
    def order_of_tags(self) -> np.ndarray | None:
        """Tags that may precede each tag, as in `tags_before`; None without limits."""
        if self.classes is None or not self.begins_spans:
            return None
        return tags_before(self.classes)

    @property
    def learned_as(self) -> str:
        """Kind of one output of a model: for a token task, that of a single tag."""
        if not self.is_tokens:
            return self.kind
        return "binary" if self.n_classes == 2 else "multiclass"

    @property
    def type(self) -> str:
        """Name in `task_types`: "classification", "regression" or "tokens"."""
        return self.target.type

    @property
    def n_classes(self) -> int:
        """Number of classes or tags; 0 for a regression."""
        return 0 if self.classes is None else len(self.classes)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return class indices (-1 for unseen labels) or regression values, as float64.

        Lists of tags are encoded as 0; `encode_tokens` returns the indices of the tags.
        """
        return self.target.encode(values, self.classes)

    def encode_tokens(
        self, cells: np.ndarray, observed: np.ndarray, who: str
    ) -> tuple[TokenLabels, list]:
        """Return the indices of the tags in lists (-1 if unseen), and the unseen tags.

        Shapes: cells (n_observed,), observed (n_samples,).
        """
        tags, seen, lengths = read_tags(cells, self.name, who)
        found = CLASSES.encode(tags, self.classes)
        codes = np.full(len(seen), np.nan)
        codes[seen] = found
        ends = np.zeros(len(observed) + 1, dtype=np.int64)
        ends[1:][observed] = lengths
        labels = TokenLabels(codes, np.cumsum(ends))
        return labels, np.unique(tags[found < 0]).tolist()

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return labels for class indices, values, or arrays of tag indices."""
        if self.kind == "empty":
            return np.full(len(codes), np.nan)
        return self.target.decode(codes, self.classes)


def read_tasks(
    columns: TargetColumns,
    kind: str,
    who: str,
    task_types: TaskTypes | None = None,
    on_empty_task: str = "raise",
    warn: bool = True,
    allow_tokens: bool = False,
) -> list[Task]:
    """Return the tasks of all columns of y, with warnings about unusual labels."""
    wanted = parse_task_types(task_types, columns.names, kind, who)
    if not allow_tokens:
        _refuse_tokens(columns, wanted, who)
    if task_types is not None:
        _refuse_lists(columns, task_types, who)
    if warn:
        warn_of_close_types(columns, wanted, who)
    tasks = []
    for t, name in enumerate(columns.names):
        task = read_task(columns, t, wanted[t], who)
        if task.kind == "empty":
            n_samples = columns.observed.shape[0]
            warn_of_empty_task(name, n_samples, on_empty_task, who, warn)
        elif warn:
            refuse_single_tag(task.name, task.kind, task.classes, who)
            warn_of_single_class(task.name, task.kind, task.classes, who)
            warn_of_sentinel(task.name, task.classes, who)
        tasks.append(task)
    return tasks


def warn_of_close_types(
    columns: TargetColumns, wanted: Sequence[str], who: str
) -> None:
    """Warn about tasks whose inferred type depends on a few labels."""
    for t, name in enumerate(columns.names):
        values = columns.values[t]
        if wanted[t] == "infer" and len(values) and not holds_lists(values):
            is_categorical = columns.is_categorical[t]
            warn_of_close_type(values, is_categorical, name, who)


def read_task(columns: TargetColumns, t: int, wanted: str, who: str) -> Task:
    """Return the task of a column of y; its type is inferred if wanted is "infer"."""
    name, values = columns.names[t], columns.values[t]
    if not len(values):
        classes = None if wanted == "regression" else np.array([])
        return Task(name, "empty", classes, np.dtype(float))
    if holds_lists(values) and wanted != "regression":
        wanted = "tokens"
    elif wanted == "infer":
        wanted = infer_kind(values, columns.is_categorical[t])
    kind, classes = _TARGETS[wanted].read(values, name, who)
    dtype = np.dtype(float) if classes is None else classes.dtype
    begins = kind == "tokens" and begins_spans(values)
    return Task(name, kind, classes, dtype, begins_spans=begins)


def _refuse_lists(columns: TargetColumns, task_types: TaskTypes, who: str) -> None:
    """Raise for lists of tags if task_types is "binary" or "multiclass"."""
    said = by_task(task_types, columns.names, parameter="task_types", who=who)
    for name, values in zip(columns.names, columns.values, strict=True):
        # "classification" also stands for everything that a classifier learns
        if said[name] in ("binary", "multiclass") and holds_lists(values):
            raise TaskError(
                f"{who}: task {name!r} has lists as labels, such as "
                f"{list(values[0])[:3]}, but its task type is {said[name]!r}, which "
                "requires one class per sample. For tags of tokens, use 'tokens' or "
                "None."
            )


def _refuse_tokens(columns: TargetColumns, wanted: Sequence[str], who: str) -> None:
    """Raise for tags of tokens if the estimator does not support them."""
    for name, values, one in zip(columns.names, columns.values, wanted, strict=True):
        if one == "tokens" or holds_lists(values):
            such = f", such as {list(values[0])[:3]}" if holds_lists(values) else ""
            raise TaskError(
                f"{who}: task {name!r} has lists as labels{such}. If they are tags of "
                "the tokens of texts, use MultiTaskClassifier(trunk=Text()) with texts "
                "as X. If they are several tags for each sample, convert each tag to a "
                "task: "
                "y = sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y)."
            )
