"""From X to the columns that the trunk sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.preprocessing._statistics import sparse_scales, wide_scales

__all__ = [
    "MemberScales",
    "Preparation",
    "RawPreparation",
    "SparsePreparation",
    "WideColumns",
    "WidePreparation",
    "is_wide",
]


_WIDE = 512  # columns of a sparse X from which it is taken for words of texts

TargetsOf = Callable[[int], np.ndarray]


def is_wide(X: Any) -> bool:
    """Return whether X is sparse and has many columns, as words of texts are."""
    return sparse.issparse(X) and X.shape[1] >= _WIDE


@dataclass(frozen=True)
class MemberScales:
    """How each member standardises prepared columns.

    A missing x becomes fill; then x becomes (x - shift) * scale, clipped to the limit.
    """

    fill: np.ndarray  # (n_members, n_columns), as shift and scale
    shift: np.ndarray
    scale: np.ndarray
    limit: float


@dataclass(frozen=True)
class WideColumns:
    """Sparse columns that are too many for a dense batch.

    Attributes
    ----------
    matrix : sparse.csr_array of shape (n_samples, n_columns)
        The columns.
    """

    matrix: sparse.csr_array


class Preparation(ABC):
    """Fitted once on the training rows; then maps any X to prepared columns."""

    @abstractmethod
    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> Preparation:
        """Learn from X and the labels.

        Shapes: weights (n_sets, n_samples).
        """

    @abstractmethod
    def transform(self, X: Any) -> Any:
        """Return the prepared columns, the same for every member."""

    def member_scales(self, n_columns: int) -> MemberScales | None:
        """Return how members standardise the columns apart; None if they do not."""
        return None

    def embedding_edges(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return which columns are embedded, and the edges of each member."""
        return None


class RawPreparation(Preparation):
    """Values as they are; batches scale those of uint8 to the unit range."""

    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> RawPreparation:
        """Learn nothing."""
        return self

    def transform(self, X: Any) -> Any:
        """Return X."""
        return X


class SparsePreparation(Preparation):
    """Scale the columns of a sparse X without centring, so that it stays sparse."""

    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> SparsePreparation:
        """Learn the scale of every column."""
        self.scale_ = sparse_scales(X, weights)
        return self

    def transform(self, X: Any) -> sparse.csr_array:
        """Return X over the scale of the first member."""
        return sparse.csr_array(X @ sparse.diags_array(1.0 / self.scale_[0]))

    def member_scales(self, n_columns: int) -> MemberScales | None:
        """Return the ratio of scales, where members differ."""
        if len(self.scale_) == 1:
            return None
        zero = np.zeros_like(self.scale_)
        return MemberScales(zero, zero, self.scale_[:1] / self.scale_, np.inf)


class WidePreparation(SparsePreparation):
    """Scale a wide sparse X as a whole, and leave it sparse in batches too."""

    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> WidePreparation:
        """Learn the scale of every column."""
        self.scale_ = wide_scales(X, weights)
        return self

    def transform(self, X: Any) -> WideColumns:
        """Return X over the scale of the first member."""
        return WideColumns(super().transform(X))
