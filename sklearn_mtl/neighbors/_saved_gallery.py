"""A gallery in a file: its rows written once, and a word where versions differ."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl import __version__
from sklearn_mtl.neighbors._brute_force import BruteForceIndex

__all__ = ["SavedGallery"]


class SavedGallery(BaseEstimator):
    """Save and load an estimator that has `embedding_` and `index_`."""

    embedding_: np.ndarray
    index_: Any

    def save(self, path: str | Path) -> None:
        """Write the fitted retriever, gallery included, with joblib.

        Parameters
        ----------
        path : str or Path
            The file.
        """
        check_is_fitted(self)
        joblib.dump(self, path)

    @classmethod
    def load(cls, path: str | Path, *, mmap_mode: str | None = None) -> Any:
        """Read what `save` wrote; only from where you trust, since a pickle runs code.

        Parameters
        ----------
        path : str or Path
            The file.
        mmap_mode : {"r", "c"}, default=None
            Leave large arrays in the file, and share them between processes.

        Returns
        -------
        NeighborRetriever
            The retriever.

        Raises
        ------
        TypeError
            If the file holds something else.

        Warns
        -----
        InconsistentVersionWarning
            If another version of this package wrote it.
        """
        found = joblib.load(path, mmap_mode=mmap_mode)
        if not isinstance(found, cls):
            raise TypeError(
                f"{cls.__name__}: {path} holds an object of {type(found).__name__}, "
                f"and no {cls.__name__}."
            )
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the version, and rows that the index has but once."""
        state = {**super().__getstate__(), "_version": __version__}
        if "embedding_" in state and _rows_of(self.index_) is self.embedding_:
            del state["embedding_"]  # joblib would write them twice
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a retriever, and warn if another version wrote it."""
        state = dict(state)
        written_by = state.pop("_version", None)
        if written_by != __version__:
            warning = InconsistentVersionWarning(
                estimator_name=type(self).__name__,
                current_sklearn_version=__version__,
                original_sklearn_version=written_by,
            )
            warnings.warn(warning, stacklevel=2)
        super().__setstate__(state)
        if "index_" in state and "embedding_" not in state:
            self.embedding_ = _rows_of(self.index_)


def _rows_of(index: Any) -> Any:
    return index.rows_ if isinstance(index, BruteForceIndex) else None
