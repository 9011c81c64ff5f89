"""From X to the columns that the trunk sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn

from sklearn_mtl.modules import InputLayer
from sklearn_mtl.neural_network._statistics import sparse_scales

__all__ = ["Preparation", "RawPreparation", "SparsePreparation"]


TargetsOf = Callable[[int], np.ndarray]


class Preparation(ABC):
    """Fitted once on the training rows; then maps any X to prepared columns."""

    @abstractmethod
    def fit(self, X: Any, weights: np.ndarray, targets: TargetsOf) -> Preparation:
        """Learn from X and the labels.

        Parameters
        ----------
        X : object
            Validated inputs.
        weights : ndarray of shape (n_sets, n_samples)
            Row weights: one set, or one for each member, 0 where it holds a row out.
        targets : callable
            Returns the labels as numbers (n_samples, n_outputs), standardised by the
            rows of a set whose number it gets; for what depends on y.

        Returns
        -------
        Preparation
            Itself.
        """

    @abstractmethod
    def transform(self, X: Any) -> Any:
        """Return the prepared columns, the same for every member."""

    def input_layer(self, dtype: torch.dtype, n_columns: int) -> nn.Module:
        """Return what differs by member, as the first layer of the net."""
        return nn.Identity()


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

    def input_layer(self, dtype: torch.dtype, n_columns: int) -> nn.Module:
        """Return the ratio of scales, where members differ."""
        if len(self.scale_) == 1:
            return nn.Identity()
        scale = torch.as_tensor(self.scale_[:1] / self.scale_, dtype=dtype)[:, None]
        zero = torch.zeros_like(scale)
        return InputLayer(zero, zero, scale, np.inf)
