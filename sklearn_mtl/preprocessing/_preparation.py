"""Preparation of X for the trunk of a net."""

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


_WIDE = 512  # a sparse X with at least this many columns is treated as bag of words

TargetsOf = Callable[[int], np.ndarray]


def is_wide(X: Any) -> bool:
    """Return whether X is sparse with many columns, such as a bag of words."""
    return sparse.issparse(X) and X.shape[1] >= _WIDE


@dataclass(frozen=True)
class MemberScales:
    """Imputation and standardisation of prepared columns for each member.

    A missing x is replaced by fill; then x is replaced by (x - shift) * scale, clipped
    to the limit.
    """

    fill: np.ndarray  # (n_members, n_columns), like shift and scale
    shift: np.ndarray
    scale: np.ndarray
    limit: float


@dataclass(frozen=True)
class WideColumns:
    """Sparse columns that are too many for dense batches.

    Attributes
    ----------
    matrix : sparse.csr_array of shape (n_samples, n_columns)
        Columns of all samples.
    """

    matrix: sparse.csr_array


class Preparation(ABC):
    """Base class of preparations, which are fitted to the training samples."""

    @abstractmethod
    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> Preparation:
        """Learn from X and the labels.

        Shapes: weights (n_sets, n_samples).
        """

    @abstractmethod
    def transform(self, X: Any) -> Any:
        """Return the prepared columns, the same for every member."""

    def member_scales(self, n_columns: int) -> MemberScales | None:
        """Return separate scales for each member, or None if they are the same."""
        return None

    def embedding_edges(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the embedded columns and the edges of each member, or None."""
        return None


class RawPreparation(Preparation):
    """Leave raw values unchanged; batches of uint8 are scaled to the unit range."""

    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> RawPreparation:
        """Do nothing."""
        return self

    def transform(self, X: Any) -> Any:
        """Return X unchanged."""
        return X


class SparsePreparation(Preparation):
    """Scale the columns of a sparse X without centring, so that it stays sparse."""

    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> SparsePreparation:
        """Learn the scale of each column."""
        self.scale_ = sparse_scales(X, weights)
        return self

    def transform(self, X: Any) -> sparse.csr_array:
        """Return X divided by the scale of the first member."""
        return sparse.csr_array(X @ sparse.diags_array(1.0 / self.scale_[0]))

    def member_scales(self, n_columns: int) -> MemberScales | None:
        """Return the ratios of scales if members have different scales."""
        if len(self.scale_) == 1:
            return None
        zero = np.zeros_like(self.scale_)
        return MemberScales(zero, zero, self.scale_[:1] / self.scale_, np.inf)


class WidePreparation(SparsePreparation):
    """Scale a wide sparse X as a whole, and leave it sparse in batches."""

    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> WidePreparation:
        """Learn the scale of each column."""
        self.scale_ = wide_scales(X, weights)
        return self

    def transform(self, X: Any) -> WideColumns:
        """Return X divided by the scale of the first member."""
        return WideColumns(super().transform(X))
