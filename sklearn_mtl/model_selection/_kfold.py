"""K-fold in which every task has labels in every training set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.model_selection._assign import keep_every_task
from sklearn_mtl.model_selection._checks import warn_of_groups
from sklearn_mtl.model_selection._folds import MultiTaskFolds
from sklearn_mtl.model_selection._parts import equal_sizes, kfold_trains
from sklearn_mtl.tasks import read_columns
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["MultiTaskKFold"]


class MultiTaskKFold(MultiTaskFolds):
    """K-fold in which every task keeps observed labels in every training set.

    The folds of scikit-learn's KFold are changed for as few samples as necessary. Use
    it for regression, or to get folds in the order of the samples. Use
    `MultiTaskStratifiedKFold` to keep classes in proportion.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    shuffle : bool, default=False
        Whether to shuffle the samples first. This is recommended if the data are sorted
        by task.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.

    Raises
    ------
    ValueError
        If n_splits is less than 2 or greater than the number of samples, or if
        random_state is given without shuffle.

    Warns
    -----
    MissingLabelWarning
        If a task has a single label, which cannot be in every training set.

    See Also
    --------
    MultiTaskStratifiedKFold : Keeps the classes of all tasks in proportion.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.model_selection import MultiTaskKFold
    >>> y = np.array([[0, 1.5], [1, 2.5], [1, np.nan], [0, np.nan]])
    >>> for train, test in MultiTaskKFold(2).split(np.zeros((4, 1)), y):
    ...     print(test, np.isfinite(y[train]).sum(axis=0))
    [1 2] [2 1]
    [0 3] [2 1]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            n_splits, shuffle=shuffle, random_state=random_state, who="MultiTaskKFold"
        )

    def split(
        self,
        X: FeaturesLike,
        y: TargetsLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the indices of the training and test samples of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; only the number of samples is used.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Targets; NaN where missing. If None, the folds are those of scikit-learn's
            KFold.
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
        part = np.repeat(
            np.arange(self.n_splits), equal_sizes(n_samples, self.n_splits)
        )
        if self.shuffle:
            part = rng.permutation(part)
        if y is None:
            return part
        columns = read_columns(y, type(self).__name__)
        trains = kfold_trains(self.n_splits)
        part = keep_every_task(columns.observed, part, trains, rng)
        self._warn_of_lost(columns.names, columns.observed, part)
        return part
