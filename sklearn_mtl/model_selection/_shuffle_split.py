"""Random splits, stratified on all tasks."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseShuffleSplit, ShuffleSplit

from sklearn_mtl.model_selection._assign import lost_tasks
from sklearn_mtl.model_selection._checks import (
    check_n_bins,
    read_tasks,
    warn_of_groups,
    warn_of_lost_tasks,
)
from sklearn_mtl.model_selection._parts import TEST, TRAIN, draw_parts, generator
from sklearn_mtl.tasks import as_targets
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike, TaskTypes

__all__ = ["MultiTaskStratifiedShuffleSplit", "shuffle_sizes", "split_once"]


class MultiTaskStratifiedShuffleSplit(BaseShuffleSplit):
    """Random splits that keep the classes of all tasks in proportion.

    Each split is drawn independently with the algorithm of `MultiTaskStratifiedKFold`,
    with a training part and a test part of the given sizes. Every sample is in the test
    part with the same probability, whether its labels are observed or missing. The only
    exception is a task with very few labels: some of them are kept in the training
    part.

    Parameters
    ----------
    n_splits : int, default=10
        Number of splits.
    test_size : float or int, default=None
        Proportion (float) or number (int) of test samples. None is the complement of
        train_size, or 0.1 if train_size is also None.
    train_size : float or int, default=None
        Proportion (float) or number (int) of training samples. None is the complement
        of test_size.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits.
    n_bins : int, default=5
        Number of quantile bins of a regression task. It is reduced if a task has too
        few labels for each part to contain every bin.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens": one value for all tasks, a sequence
        in task order, or a dict by task name. None infers the types.

    Raises
    ------
    ValueError
        If a parameter is out of range, or y is None.
    TaskError
        If the labels of a task cannot be read.

    See Also
    --------
    MultiTaskStratifiedKFold : Stratified folds; its docstring has the references.
    train_test_split : One split of several arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.model_selection import MultiTaskStratifiedShuffleSplit
    >>> y = np.array([[0, 1], [0, 0], [1, 1], [1, 0]] * 4)
    >>> cv = MultiTaskStratifiedShuffleSplit(1, test_size=0.25, random_state=0)
    >>> train, test = next(cv.split(np.zeros((16, 1)), y))
    >>> y[train].sum(axis=0), y[test].sum(axis=0)
    (array([6, 6]), array([2, 2]))
    """

    n_bins: int
    task_types: TaskTypes | None

    def __init__(
        self,
        n_splits: int = 10,
        *,
        test_size: float | None = None,
        train_size: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_bins: int = 5,
        task_types: TaskTypes | None = None,
    ) -> None:
        who = type(self).__name__
        if not isinstance(n_splits, Integral) or n_splits < 1:
            raise ValueError(
                f"{who}: n_splits must be an integer of at least 1; got {n_splits!r}."
            )
        check_n_bins(n_bins, who)
        super().__init__(
            n_splits=n_splits,
            test_size=test_size,
            train_size=train_size,
            random_state=random_state,
        )
        self._default_test_size = 0.1  # for the repr of scikit-learn's base class
        self.n_bins = int(n_bins)
        self.task_types = task_types

    def split(
        self, X: FeaturesLike, y: TargetsLike, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the indices of the training and test samples of each split.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; only the number of samples is used.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN where missing.
        groups : object
            Ignored, with a warning.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Indices of the training samples, in random order.
        test : ndarray of shape (n_test,)
            Indices of the test samples, in random order.
        """
        warn_of_groups(self, groups)
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y)
        yield from super().split(X, as_targets(y, who), None)

    def _iter_indices(
        self,
        X: FeaturesLike,
        y: TargetsLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        task_set, codes = read_tasks(y, self.task_types, type(self).__name__)
        sizes = shuffle_sizes(len(codes), self.test_size, self.train_size, 0.1)
        rng = generator(self.random_state)
        for _ in range(self.n_splits):
            part = split_once(
                task_set, codes, sizes, rng, self.n_bins, type(self).__name__
            )
            train, test = (np.flatnonzero(part == p) for p in (TRAIN, TEST))
            yield rng.permutation(train), rng.permutation(test)


def split_once(
    task_set: Any,
    codes: np.ndarray,
    sizes: np.ndarray,
    rng: np.random.Generator,
    n_bins: int,
    who: str,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """Return the part of each sample: 0 training, 1 test, 2 neither."""
    trains = (np.arange(len(sizes)) == TRAIN)[None, :]
    part = draw_parts(task_set, codes, sizes, rng=rng, n_bins=n_bins, group=group)
    lost = lost_tasks(~np.isnan(codes), part, trains)
    warn_of_lost_tasks(who, [task_set.names[t] for t in lost], task_set.n_tasks)
    return part


def shuffle_sizes(
    n_samples: int,
    test_size: float | None,
    train_size: float | None,
    default_test_size: float,
) -> np.ndarray:
    """Return the sizes (train, test), and the size of the rest if there is one."""
    if test_size is None and train_size is None:
        test_size = default_test_size
    # scikit-learn's own splitter checks and rounds the sizes
    sizer = ShuffleSplit(1, test_size=test_size, train_size=train_size, random_state=0)
    train, test = next(sizer.split(np.empty((n_samples, 1))))
    sizes = [len(train), len(test), n_samples - len(train) - len(test)]
    return np.array(sizes if sizes[2] else sizes[:2])
