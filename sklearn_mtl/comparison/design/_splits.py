"""Outer and inner splits of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.comparison.design._inputs import take_rows
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
)
from sklearn_mtl.utils._typing import CrossValidator, FeaturesLike, TargetsLike

__all__ = ["Folding", "Split"]

_WHO = "compare"

_N_INNER = 3
# k folds have k (k - 1) / 2 pairs. Up to k = 7 this is at most three inner fits per
# split, as with 3 inner folds.
_MIN_SHARED, _MAX_SHARED = 3, 7

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Folding:
    """Splitter of samples into outer and inner folds.

    Attributes
    ----------
    task_types : sequence of str
        "classification", "regression" or "tokens" for each task.
    groups : array-like of shape (n_samples,) or None
        Group labels of samples that must not be divided.
    random_state : int or None
        Seed of the folds.
    """

    task_types: Sequence[str]
    groups: ArrayLike | None
    random_state: int | None

    def outer(
        self, cv: CrossValidator, n_repeats: int, X: FeaturesLike, y: TargetsLike
    ) -> list[Split]:
        """Return the train and test indices of every split."""
        if isinstance(cv, Integral) and not isinstance(cv, bool):
            found: list[Split] = []
            for repeat in range(n_repeats):
                found += self._folds(int(cv), X, y, self.groups, repeat)
            return found
        if n_repeats != 1:
            raise ValueError(
                f"{_WHO}: n_repeats is {n_repeats}, which requires an integer cv; got "
                f"{type(cv).__name__}. Use a splitter that repeats its folds, such as "
                "RepeatedKFold."
            )
        splits: Any = cv.split(X, y, self.groups) if hasattr(cv, "split") else cv
        return _checked([(np.asarray(a), np.asarray(b)) for a, b in splits])

    def inner_of(
        self, splits: Sequence[Split], n_splits: int | None, y: TargetsLike
    ) -> list[list[Split]]:
        """Return the inner splits of every split; None uses the other outer folds.

        A fit that leaves out the folds a and b then serves two outer splits: its score
        on b counts for split a, and its score on a for split b. If the splits are not
        a partition into few folds, None means 3 inner folds.

        Shapes: y (n_samples, n_tasks).
        """
        is_few = _MIN_SHARED <= len(splits) <= _MAX_SHARED
        if n_splits is None and is_few and _are_folds(splits):
            return [_other_folds(splits, s) for s in range(len(splits))]
        return [self.inner(train, n_splits or _N_INNER, y) for train, _ in splits]

    def inner(self, train: np.ndarray, n_splits: int, y: TargetsLike) -> list[Split]:
        """Split the training samples of one outer split.

        Shapes: train (n_train,), y (n_samples, n_tasks).
        """
        groups = None if self.groups is None else np.asarray(self.groups)[train]
        blank = np.zeros((len(train), 1))
        found = self._folds(n_splits, blank, take_rows(y, train), groups, 0)
        return [(train[inside], train[outside]) for inside, outside in found]

    def _folds(
        self,
        n_splits: int,
        X: FeaturesLike,
        y: TargetsLike,
        groups: ArrayLike | None,
        repeat: int,
    ) -> list[Split]:
        by_group = groups is not None
        kind = MultiTaskStratifiedGroupKFold if by_group else MultiTaskStratifiedKFold
        seed = None if self.random_state is None else self.random_state + repeat
        types = list(self.task_types)
        folds = kind(n_splits, shuffle=True, random_state=seed, task_types=types)
        return list(folds.split(X, y, groups))


def _are_folds(splits: Sequence[Split]) -> bool:
    """Return whether the splits are folds: train is the union of other test sets."""
    tested = np.sort(np.concatenate([test for _, test in splits]))
    return len(np.unique(tested)) == len(tested) and all(
        np.array_equal(np.sort(train), np.setdiff1d(tested, test))
        for train, test in splits
    )


def _other_folds(splits: Sequence[Split], s: int) -> list[Split]:
    """Split the training set of one split into the test sets of the other splits."""
    train = np.sort(splits[s][0])  # both splits of a pair need the same order
    tests = [test for other, (_, test) in enumerate(splits) if other != s]
    return [(np.setdiff1d(train, test), test) for test in tests]


def _checked(splits: list[Split]) -> list[Split]:
    if not splits:
        raise ValueError(f"{_WHO}: cv has no splits; at least one is required.")
    for i, (train, test) in enumerate(splits):
        both = np.intersect1d(train, test)
        if len(both):
            raise ValueError(
                f"{_WHO}: {len(both)} samples are in both the training and the test "
                f"set of split {i}, such as sample {both[0]}."
            )
    return splits
