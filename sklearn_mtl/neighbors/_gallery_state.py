"""Pickling of a gallery without duplicate arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_mtl.neighbors._brute_force import BruteForceIndex
from sklearn_mtl.utils._versioned import VersionedState

__all__ = ["GalleryState"]


class GalleryState(VersionedState, BaseEstimator):
    """Base class with `embedding_` and `index_`, which may share one array."""

    embedding_: np.ndarray
    index_: Any

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, without an embedding that the index contains."""
        state = super().__getstate__()
        if "embedding_" in state and _rows_of(self.index_) is self.embedding_:
            del state["embedding_"]  # joblib would write the array twice
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a retriever, taking the embedding from the index if necessary."""
        super().__setstate__(state)
        if "index_" in state and "embedding_" not in state:
            self.embedding_ = _rows_of(self.index_)


def _rows_of(index: Any) -> Any:
    return index.rows_ if isinstance(index, BruteForceIndex) else None
