"""Base class of the k-fold splitters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseCrossValidator

from sklearn_mtl.model_selection._assign import lost_tasks
from sklearn_mtl.model_selection._checks import warn_of_lost_tasks
from sklearn_mtl.model_selection._parts import generator, kfold_trains
from sklearn_mtl.tasks import as_targets
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["MultiTaskFolds"]


class MultiTaskFolds(BaseCrossValidator):
    """K-fold splitter whose subclasses implement the assignment of samples to folds."""

    n_splits: int
    shuffle: bool
    random_state: int | np.random.RandomState | None

    def __init__(
        self,
        n_splits: int,
        *,
        shuffle: bool,
        random_state: int | np.random.RandomState | None,
        who: str,
    ) -> None:
        if not isinstance(n_splits, Integral) or n_splits < 2:
            raise ValueError(
                f"{who}: n_splits must be an integer of at least 2; got {n_splits!r}."
            )
        if not isinstance(shuffle, bool | np.bool_):
            raise TypeError(f"{who}: shuffle must be True or False; got {shuffle!r}.")
        if not shuffle and random_state is not None:
            raise ValueError(
                f"{who}: setting a random_state has no effect since shuffle is False. "
                "Set random_state=None or shuffle=True."
            )
        self.n_splits = int(n_splits)
        self.shuffle = bool(shuffle)
        self.random_state = random_state

    def get_n_splits(
        self,
        X: FeaturesLike | None = None,
        y: TargetsLike | None = None,
        groups: ArrayLike | None = None,
    ) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Ignored; exist for compatibility with scikit-learn.

        Returns
        -------
        int
            Number of splits.
        """
        return self.n_splits

    def _iter_test_masks(
        self,
        X: Any = None,
        y: TargetsLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Iterator[np.ndarray]:
        who = type(self).__name__
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        if self.n_splits > n_samples:
            raise ValueError(
                f"{who}: cannot have number of splits n_splits={self.n_splits} greater "
                f"than the number of samples: n_samples={n_samples}."
            )
        rng = generator(self.random_state if self.shuffle else 0)
        part = self._assign(n_samples, y, groups, rng)
        for fold in range(self.n_splits):
            yield part == fold

    def _split(
        self, X: FeaturesLike, y: TargetsLike | None, groups: ArrayLike | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Split with scikit-learn's base class, after converting a dict of targets."""
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, groups=groups)
        yield from super().split(X, as_targets(y, who), groups)

    @abstractmethod
    def _assign(
        self,
        n_samples: int,
        y: TargetsLike | None,
        groups: ArrayLike | None,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return the fold of each sample."""

    def _warn_of_lost(
        self, names: list[str], observed: np.ndarray, part: np.ndarray
    ) -> None:
        lost = lost_tasks(observed, part, kfold_trains(self.n_splits))
        warn_of_lost_tasks(type(self).__name__, [names[t] for t in lost], len(names))
