"""What a call of fit says about the samples that are held out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import (
    MissingLabelWarning,
    TaskError,
    UnseenLabelWarning,
)
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._features import check_features
from sklearn_mtl.utils._groups import read_groups
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import num_samples
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike

__all__ = ["VALIDATION", "HoldOut"]

VALIDATION = ("X_val", "y_val", "sample_weight_val")
_UNFITTED = ("constant", "empty")


@dataclass(frozen=True)
class HoldOut:
    """Groups that stay on one side of every hold-out, or samples that replace it.

    Attributes
    ----------
    group : ndarray of shape (n_samples,) or None
        Number of the group of each training sample.
    X, y, sample_weight : object
        The validation set as it came; None where there is none.
    """

    group: np.ndarray | None = None
    X: FeaturesLike | None = None
    y: TargetsLike | None = None
    sample_weight: ArrayLike | None = None

    @classmethod
    def read(
        cls,
        who: str,
        X: FeaturesLike,
        groups: ArrayLike | None = None,
        X_val: FeaturesLike | None = None,
        y_val: TargetsLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> HoldOut:
        """Check what fit was given, without reading X_val and y_val."""
        given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        found = [name for name, value in given.items() if value is not None]
        if found and (X_val is None or y_val is None):
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(
                f"{who}: {' and '.join(found)} came without {missing}; a validation "
                "set needs both X_val and y_val."
            )
        if found and groups is not None:
            raise ValueError(
                f"{who}: groups and X_val are both given. X_val replaces every "
                "hold-out, which leaves nothing for groups to divide; give one of them."
            )
        warn_of_index_order(who, X=X, groups=groups)
        warn_of_index_order(who, **given)
        if groups is not None:
            groups = read_groups(groups, num_samples(X), who)
        return cls(groups, X_val, y_val, sample_weight_val)

    @property
    def has_validation(self) -> bool:
        """Whether there is a validation set, which replaces every hold-out."""
        return self.X is not None

    def like_inputs(self, model: Estimator) -> HoldOut:
        """Compare X_val with X, for an estimator that hands both on."""
        try:
            return replace(self, X=check_features(model, self.X))
        except ValueError as error:
            who = type(model).__name__
            raise ValueError(f"{who}: X_val does not go with X: {error}") from error

    def can_divide(self, who: str) -> bool:
        """Return whether samples can be held out; warn where groups forbid it."""
        if self.group is None or np.ptp(self.group) > 0:
            return True
        warnings.warn(
            f"{who}: all samples are in one group, so nothing is held out.",
            UserWarning,
            stacklevel=5,
        )
        return False

    def lone_tasks(self, observed: np.ndarray) -> dict[int, int]:
        """Return the tasks whose labels are all in one group, and that group.

        Shapes: observed (n_samples, n_tasks).
        """
        if self.group is None:
            return {}
        found = {}
        for t, seen in enumerate(observed.T):
            own = self.group[seen]
            if len(own) and np.ptp(own) == 0:
                found[t] = int(own[0])
        return found

    def warn_of_lone_tasks(
        self, task_set: TaskSet, observed: np.ndarray, who: str
    ) -> None:
        """Say which tasks have all labels in one group, which is held out at once.

        Shapes: observed (n_samples, n_tasks).
        """
        lone = [task_set.names[t] for t in self.lone_tasks(observed)]
        if lone:
            warnings.warn(
                f"{who}: {len(lone)} of {task_set.n_tasks} tasks have all their labels "
                f"in one group: {_shown(lone)}. Nothing is known about them while that "
                "group is held out, so their out-of-fold predictions are missing.",
                MissingLabelWarning,
                stacklevel=4,
            )

    def encode(
        self, task_set: TaskSet, who: str
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the encoded labels and the weights of the validation set.

        Shapes: -> codes (n_val, n_tasks).
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnseenLabelWarning)  # refused below
            codes, weights = task_set.encode_weighted(
                self.y, self.sample_weight, unseen="wrong", who=who, name="y_val"
            )
        if num_samples(self.X) != len(codes):
            raise ValueError(
                f"{who}: X_val has {num_samples(self.X)} samples and y_val has "
                f"{len(codes)}: inconsistent numbers of samples."
            )
        for t, task in enumerate(task_set.tasks):
            if task.kind in _UNFITTED:
                codes[:, t] = np.nan
            elif task.classes is not None and (codes[:, t] < 0).any():
                raise TaskError(
                    f"{who}: task {task.name!r} has {int((codes[:, t] < 0).sum())} "
                    "labels in y_val that are not in y. Known classes: "
                    f"{task.classes.tolist()}."
                )
        return codes, weights

    def check_tasks(
        self, task_set: TaskSet, observed: np.ndarray, who: str, on_empty_task: str
    ) -> None:
        """Refuse a validation set without any label of a task, or say so.

        Shapes: observed (n_val, n_tasks).
        """
        fitted = [
            t for t, one in enumerate(task_set.tasks) if one.kind not in _UNFITTED
        ]
        lost = [task_set.names[t] for t in fitted if not observed[:, t].any()]
        if not lost:
            return
        text = (
            f"{who}: {len(lost)} of {task_set.n_tasks} tasks have no label in y_val: "
            f"{_shown(lost)}."
        )
        if on_empty_task == "raise" or len(lost) == len(fitted):
            raise TaskError(
                f"{text} With on_empty_task='warn' the other tasks decide for them."
            )
        warnings.warn(
            f"{text} The other tasks decide for them.",
            MissingLabelWarning,
            stacklevel=4,
        )


def _shown(names: list[str]) -> list[str]:
    """Return the first names of a long list."""
    return names if len(names) <= 10 else [*names[:10], "..."]
