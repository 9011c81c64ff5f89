"""Groups and validation sets given to fit, which control the held-out samples."""

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
    """Groups that are not divided when samples are held out, or a validation set.

    Attributes
    ----------
    group : ndarray of shape (n_samples,) or None
        Group index of each training sample.
    X, y, sample_weight : object
        Validation set, unchanged, or None.
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
        """Check the arguments of fit, without reading X_val and y_val."""
        given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        found = [name for name, value in given.items() if value is not None]
        if found and (X_val is None or y_val is None):
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(
                f"{who}: {' and '.join(found)} came without {missing}; a validation "
                "set requires both X_val and y_val."
            )
        if found and groups is not None:
            raise ValueError(
                f"{who}: groups and X_val are both given. With X_val no training "
                "samples are held out, so groups have no effect; give only one of them."
            )
        warn_of_index_order(who, X=X, groups=groups)
        warn_of_index_order(who, **given)
        if groups is not None:
            groups = read_groups(groups, num_samples(X), who)
        return cls(groups, X_val, y_val, sample_weight_val)

    @property
    def has_validation(self) -> bool:
        """Return whether there is a validation set, so that no samples are held out."""
        return self.X is not None

    def like_inputs(self, model: Estimator) -> HoldOut:
        """Check that X_val has the features of X, for a meta-estimator."""
        try:
            return replace(self, X=check_features(model, self.X))
        except ValueError as error:
            who = type(model).__name__
            raise ValueError(f"{who}: X_val does not match X: {error}") from error

    def can_divide(self, who: str) -> bool:
        """Return whether samples can be held out, and warn if groups prevent it."""
        if self.group is None or np.ptp(self.group) > 0:
            return True
        warnings.warn(
            f"{who}: all samples are in one group, so nothing is held out.",
            UserWarning,
            stacklevel=5,
        )
        return False

    def lone_tasks(self, observed: np.ndarray) -> dict[int, int]:
        """Return the tasks whose labels are all in one group, with this group.

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
        """Warn about tasks whose labels are all in one group.

        Shapes: observed (n_samples, n_tasks).
        """
        names = task_set.names
        lone = [names[t] for t in self.lone_tasks(observed)]
        if lone:
            warnings.warn(
                f"{who}: {len(lone)} of {task_set.n_tasks} tasks have all their labels "
                f"in one group: {_shown(lone)}. When this group is held out, no labels "
                "are left for training, so their out-of-fold predictions are missing.",
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
            warnings.simplefilter("ignore", UnseenLabelWarning)  # an error below
            try:
                codes, weights = task_set.encode_weighted(
                    self.y, self.sample_weight, unseen="wrong", who=who, name="y_val"
                )
            except ValueError as error:
                message = str(error).replace("sample_weight", "sample_weight_val")
                raise type(error)(message) from error
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
        """Raise or warn if a task has no labels in the validation set.

        Shapes: observed (n_val, n_tasks).
        """
        fitted = [
            t for t, one in enumerate(task_set.tasks) if one.kind not in _UNFITTED
        ]
        names = task_set.names
        lost = [names[t] for t in fitted if not observed[:, t].any()]
        if not lost:
            return
        text = (
            f"{who}: {len(lost)} of {task_set.n_tasks} tasks have no label in y_val: "
            f"{_shown(lost)}."
        )
        if on_empty_task == "raise" or len(lost) == len(fitted):
            raise TaskError(
                f"{text} With on_empty_task='warn', only the other tasks are used for "
                "validation."
            )
        warnings.warn(
            f"{text} Only the other tasks are used for validation.",
            MissingLabelWarning,
            stacklevel=4,
        )


def _shown(names: list[str]) -> list[str]:
    """Return the names, shortened if there are more than ten."""
    return names if len(names) <= 10 else [*names[:10], "..."]
