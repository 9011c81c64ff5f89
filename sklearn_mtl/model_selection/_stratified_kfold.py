"""K-fold stratified on all tasks, with and without groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.model_selection._checks import (
    check_n_bins,
    number_groups,
    read_tasks,
    warn_of_groups,
)
from sklearn_mtl.model_selection._folds import MultiTaskFolds
from sklearn_mtl.model_selection._parts import make_folds
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike, TaskTypes

__all__ = [
    "MultiTaskStratifiedGroupKFold",
    "MultiTaskStratifiedKFold",
    "stratified_folds",
]


class MultiTaskStratifiedKFold(MultiTaskFolds):
    """K-fold that keeps the classes of all tasks in proportion.

    Iterative stratification [1]_ over all (task, class) labels, with the order of
    dealing that also spreads pairs of labels [2]_, and then exchanges of rows between
    folds until the counts are as even as whole rows allow: on the data of the
    package's tests every class of every task is within one row of its share n_c / k in
    every fold, where the textbook algorithm is up to four off. Missing labels are no
    stratum; regression tasks are divided into quantile bins. Of tags of tokens, the
    samples that have a tag are in proportion.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds. Their sizes differ by at most one.
    shuffle : bool, default=False
        Whether samples are dealt in random order. Without it, neighbours stay in the
        same fold as far as proportions allow, as in scikit-learn's StratifiedKFold, so
        the score does not profit from samples that depend on their neighbours.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.
    n_bins : int, default=5
        Quantile bins of a regression task; fewer where a fold could not get a row of
        each.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens", for all tasks, in order, or by
        name; None infers it (strings, booleans, categories and up to 20 integers are
        classes, and lists are tags of tokens).

    Raises
    ------
    ValueError
        If a parameter is out of range, y is None, or there are fewer rows than folds.
    TaskError
        If the labels of a task cannot be read.

    Warns
    -----
    MissingLabelWarning
        If a task has a single label, which cannot be in every training set.

    See Also
    --------
    MultiTaskStratifiedShuffleSplit : Random splits of any size.
    MultiTaskStratifiedGroupKFold : Keeps groups on one side.

    Notes
    -----
    10,000 rows with 14 tasks take about a tenth of a second, 50,000 rows half a second;
    with hundreds of tasks not all strata can be in proportion and the search is cut
    after a few seconds.

    References
    ----------
    .. [1] K. Sechidis, G. Tsoumakas, I. Vlahavas. "On the stratification of multi-label
       data". ECML PKDD 2011, algorithm 1.
    .. [2] P. Szymański, T. Kajdanowicz. "A network perspective on stratification of
       multi-label data". PMLR 74 (LIDTA), 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.model_selection import MultiTaskStratifiedKFold
    >>> y = np.array([[0, 1], [0, np.nan], [0, 0], [1, 1], [1, np.nan], [1, 0]])
    >>> for _, test in MultiTaskStratifiedKFold(2).split(np.zeros((6, 1)), y):
    ...     print(len(test), np.nansum(y[test], axis=0))
    3 [1. 1.]
    3 [2. 1.]
    """

    n_bins: int
    task_types: TaskTypes | None

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
        n_bins: int = 5,
        task_types: TaskTypes | None = None,
    ) -> None:
        super().__init__(
            n_splits,
            shuffle=shuffle,
            random_state=random_state,
            who=type(self).__name__,
        )
        check_n_bins(n_bins, type(self).__name__)
        self.n_bins = int(n_bins)
        self.task_types = task_types

    def split(
        self, X: FeaturesLike, y: TargetsLike, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the rows of the training and of the test set of every fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; only their number counts.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN where missing.
        groups : object
            Ignored, with a warning.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Rows of the training set.
        test : ndarray of shape (n_test,)
            Rows of the test set.
        """
        warn_of_groups(self, groups)
        yield from self._split(X, y, None)

    def _assign(
        self,
        n_samples: int,
        y: TargetsLike | None,
        groups: ArrayLike | None,
        rng: np.random.Generator,
    ) -> np.ndarray:
        task_set, codes = read_tasks(y, self.task_types, type(self).__name__)
        part = make_folds(
            task_set,
            codes,
            self.n_splits,
            rng=rng,
            n_bins=self.n_bins,
            shuffle=self.shuffle,
            group=self._group_numbers(groups),
        )
        self._warn_of_lost(task_set.names, ~np.isnan(codes), part)
        return part

    def _group_numbers(self, groups: ArrayLike | None) -> np.ndarray | None:
        return None


class MultiTaskStratifiedGroupKFold(MultiTaskStratifiedKFold):
    """K-fold that divides no group and keeps the classes of all tasks in proportion.

    The largest groups first, each to the fold that lacks its labels most, and then
    exchanges and moves of groups. The deviation of a class counts relative to the
    square root of its size, so rare classes are not drowned. With few or very large
    groups the folds cannot be even.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at most the number of groups.
    shuffle : bool, default=False
        Whether groups of similar size are dealt in random order; else the folds are
        always the same.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.
    n_bins : int, default=5
        Quantile bins of a regression task.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens", for all tasks, in order, or by
        name; None infers it.

    Raises
    ------
    ValueError
        If a parameter is out of range, y or groups is None, or there are fewer groups
        than folds.
    TaskError
        If the labels of a task cannot be read.

    Warns
    -----
    MissingLabelWarning
        If all labels of a task are in one group, so that a training set has none.

    See Also
    --------
    MultiTaskStratifiedKFold : Without groups.

    References
    ----------
    K. Sechidis, G. Tsoumakas, I. Vlahavas. "On the stratification of multi-label data".
    ECML PKDD 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.model_selection import MultiTaskStratifiedGroupKFold
    >>> y = np.array([[0, 1], [0, 0], [1, 1], [1, 0], [0, 1], [1, np.nan]])
    >>> groups = ["a", "a", "b", "b", "c", "c"]
    >>> cv = MultiTaskStratifiedGroupKFold(3)
    >>> [test.tolist() for _, test in cv.split(np.zeros((6, 1)), y, groups)]
    [[0, 1], [2, 3], [4, 5]]
    """

    # scikit-learn's way to say that `split` asks for groups without being told
    __metadata_request__split = {"groups": True}

    def split(
        self, X: FeaturesLike, y: TargetsLike, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the rows of the training and of the test set of every fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; only their number counts.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN where missing.
        groups : array-like of shape (n_samples,)
            The group of each row; required.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Rows of the training set.
        test : ndarray of shape (n_test,)
            Rows of the test set.
        """
        yield from self._split(X, y, groups)

    def _group_numbers(self, groups: ArrayLike | None) -> np.ndarray:
        group = number_groups(groups, type(self).__name__)
        n_groups = group.max() + 1
        if n_groups < self.n_splits:
            raise ValueError(
                f"{type(self).__name__}: cannot have number of splits "
                f"n_splits={self.n_splits} greater than the number of groups: "
                f"{n_groups}."
            )
        return group


def stratified_folds(
    n_splits: int | None, groups: ArrayLike | None, **options: Any
) -> MultiTaskStratifiedKFold:
    """Return the splitter that a number of folds stands for.

    Shapes: groups (n_samples,).
    """
    if groups is None:
        return MultiTaskStratifiedKFold(5 if n_splits is None else n_splits, **options)
    if n_splits is None:
        group = number_groups(groups, MultiTaskStratifiedGroupKFold.__name__)
        n_splits = max(2, min(5, int(group.max(initial=0)) + 1))
    return MultiTaskStratifiedGroupKFold(n_splits, **options)
