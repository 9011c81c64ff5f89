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

    This is iterative stratification [1]_ over the classes of all tasks. Samples are
    assigned in an order that also distributes pairs of labels [2]_. Then samples are
    exchanged between folds until the counts cannot be made more even: on the data of
    the package's tests, every fold has within one sample of n_c / k labels of each
    class c of each task, where the published algorithm is off by up to four. Missing
    labels do not form a stratum, and regression tasks are divided into quantile bins.
    For token tasks, each tag is a stratum of the samples in which it occurs.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds. Their sizes differ by at most one.
    shuffle : bool, default=False
        Whether to assign the samples in random order. If False, neighbouring samples
        stay in the same fold if the proportions allow it, as in scikit-learn's
        StratifiedKFold. Then dependence between neighbouring samples does not inflate
        the score.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.
    n_bins : int, default=5
        Number of quantile bins of a regression task. It is reduced if a task has too
        few labels for each fold to contain every bin.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens": one value for all tasks, a sequence
        in task order, or a dict by task name. None infers the types: strings, booleans,
        categories and up to 20 different integers are classes, and lists are tags of
        tokens.

    Raises
    ------
    ValueError
        If a parameter is out of range, y is None, or there are fewer samples than
        folds.
    TaskError
        If the labels of a task cannot be read.

    Warns
    -----
    MissingLabelWarning
        If a task has a single label, which cannot be in every training set.

    See Also
    --------
    MultiTaskStratifiedShuffleSplit : Random splits of any size.
    MultiTaskStratifiedGroupKFold : Folds that do not divide groups.

    Notes
    -----
    Splitting 10,000 samples with 14 tasks takes about 0.1 seconds, and 50,000 samples
    0.5 seconds. With hundreds of tasks not all strata can be in proportion; the search
    then stops after a few seconds.

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
        """Yield the indices of the training and test samples of each fold.

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
            Indices of the training samples.
        test : ndarray of shape (n_test,)
            Indices of the test samples.
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
    """K-fold that keeps groups together and the classes of all tasks in proportion.

    Groups are assigned from the largest to the smallest, each to the fold that needs
    its labels most. Then groups are exchanged and moved between folds. The deviation of
    a class is divided by the square root of its size, so that frequent classes do not
    dominate rare ones. With few or very large groups, the folds cannot be balanced.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at most the number of groups.
    shuffle : bool, default=False
        Whether to assign groups of similar size in random order. If False, the folds
        are deterministic.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.
    n_bins : int, default=5
        Number of quantile bins of a regression task.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens": one value for all tasks, a sequence
        in task order, or a dict by task name. None infers the types.

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
        If all labels of a task are in one group. The task then has no labels in one
        training set.

    See Also
    --------
    MultiTaskStratifiedKFold : Folds without groups.

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

    # requests groups by default, like the group splitters of scikit-learn
    __metadata_request__split = {"groups": True}

    def split(
        self, X: FeaturesLike, y: TargetsLike, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the indices of the training and test samples of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; only the number of samples is used.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN where missing.
        groups : array-like of shape (n_samples,)
            Group of each sample; required.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Indices of the training samples.
        test : ndarray of shape (n_test,)
            Indices of the test samples.
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
    """Return the splitter for an integer number of folds.

    Shapes: groups (n_samples,).
    """
    if groups is None:
        return MultiTaskStratifiedKFold(5 if n_splits is None else n_splits, **options)
    if n_splits is None:
        group = number_groups(groups, MultiTaskStratifiedGroupKFold.__name__)
        n_splits = max(2, min(5, int(group.max(initial=0)) + 1))
    return MultiTaskStratifiedGroupKFold(n_splits, **options)
