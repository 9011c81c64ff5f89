"""What is pickled of a gallery: its rows once."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_mtl.neighbors._brute_force import BruteForceIndex
from sklearn_mtl.utils._versioned import VersionedState

__all__ = ["GalleryState"]


class GalleryState(VersionedState, BaseEstimator):
    """An estimator with `embedding_` and `index_`, which may be the same rows."""

    embedding_: np.ndarray
    index_: Any

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled, without rows that the index has."""
        state = super().__getstate__()
        if "embedding_" in state and _rows_of(self.index_) is self.embedding_:
            del state["embedding_"]  # joblib would write them twice
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a retriever, its rows from the index where they were only there."""
        super().__setstate__(state)
        if "index_" in state and "embedding_" not in state:
            self.embedding_ = _rows_of(self.index_)


def _rows_of(index: Any) -> Any:
    return index.rows_ if isinstance(index, BruteForceIndex) else None
