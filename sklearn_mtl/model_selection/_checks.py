"""Checks of the arguments of splitters, and warnings about tasks without labels."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.model_selection._strata import with_tags
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._groups import read_groups
from sklearn_mtl.utils._typing import TargetsLike, TaskTypes

__all__ = [
    "check_n_bins",
    "number_groups",
    "read_tasks",
    "warn_of_groups",
    "warn_of_lost_tasks",
]


def read_tasks(
    y: TargetsLike | None, task_types: TaskTypes | None, who: str
) -> tuple[TaskSet, np.ndarray]:
    """Encode y for a split, which allows empty tasks and tasks with a single class."""
    if y is None:
        raise ValueError(f"{who}: the 'y' parameter should not be None.")
    task_set, codes = TaskSet.from_y(
        y,
        who=who,
        task_types=task_types,
        on_empty_task="warn",
        warn=False,
        allow_tokens=True,
    )
    return with_tags(task_set, task_set.encode_tokens(y, who=who)), codes


def number_groups(groups: ArrayLike | None, who: str) -> np.ndarray:
    """Return the group of each sample as a number from 0."""
    if groups is None:
        raise ValueError(f"{who}: the 'groups' parameter should not be None.")
    return read_groups(groups, None, who)


def check_n_bins(n_bins: Any, who: str) -> None:
    """Raise if the number of bins is invalid."""
    if not isinstance(n_bins, Integral) or n_bins < 1:
        raise ValueError(
            f"{who}: n_bins must be an integer of at least 1; got {n_bins!r}."
        )


def warn_of_lost_tasks(who: str, lost: list[str], n_tasks: int) -> None:
    """Warn once about the tasks without labels in some training set."""
    if lost:
        shown = lost if len(lost) <= 10 else [*lost[:10], "..."]
        warnings.warn(
            f"{who}: {len(lost)} of {n_tasks} tasks have too few labels to be in every "
            f"training set: {shown}. An estimator with on_empty_task='warn' predicts "
            "NaN for a task without training labels.",
            MissingLabelWarning,
            stacklevel=3,
        )


def warn_of_groups(splitter: Any, groups: ArrayLike | None) -> None:
    """Warn that a splitter ignores groups."""
    if groups is not None:
        warnings.warn(
            f"{type(splitter).__name__}: the groups parameter is ignored. "
            "MultiTaskStratifiedGroupKFold does not divide groups.",
            UserWarning,
            stacklevel=3,
        )
