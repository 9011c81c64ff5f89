"""From X to the columns that the trunk sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn

from sklearn_mtl.modules import InputLayer
from sklearn_mtl.neural_network._statistics import (
    column_medians,
    column_moments,
    sparse_scales,
)

__all__ = ["Preparation", "RawPreparation", "TablePreparation", "make_preparation"]

CLIP = 10.0
FLAG_ABOVE = 0.01  # a column with a larger share of missing values gets a flag


class Preparation(ABC):
    """Fitted once on the training rows; then maps any X to prepared columns."""

    @abstractmethod
    def fit(self, X: Any, weights: np.ndarray) -> Preparation:
        """Learn from X and row weights (n_sets, n_samples), a set a member or one."""

    @abstractmethod
    def transform(self, X: Any) -> Any:
        """Return the prepared columns, the same for every member."""

    def input_layer(self, dtype: torch.dtype) -> nn.Module:
        """Return what differs by member, as the first layer of the net."""
        return nn.Identity()


class RawPreparation(Preparation):
    """Values as they are; uint8 is scaled to the unit range."""

    def fit(self, X: Any, weights: np.ndarray) -> RawPreparation:
        """Learn nothing."""
        return self

    def transform(self, X: Any) -> Any:
        """Return X, divided by 255 where it is uint8."""
        return X / np.float32(255.0) if X.dtype == np.uint8 else X


class SparsePreparation(Preparation):
    """Scale the columns of a sparse X without centring, so that it stays sparse."""

    def fit(self, X: Any, weights: np.ndarray) -> SparsePreparation:
        """Learn the scale of every column."""
        self.scale_ = sparse_scales(X, weights)
        return self

    def transform(self, X: Any) -> sparse.csr_array:
        """Return X over the scale of the first member."""
        return sparse.csr_array(X @ sparse.diags_array(1.0 / self.scale_[0]))

    def input_layer(self, dtype: torch.dtype) -> nn.Module:
        """Return the ratio of scales, where members differ."""
        if len(self.scale_) == 1:
            return nn.Identity()
        scale = torch.as_tensor(self.scale_[:1] / self.scale_, dtype=dtype)[:, None]
        zero = torch.zeros_like(scale)
        return InputLayer(zero, zero, scale, np.inf)


class TablePreparation(Preparation):
    """Impute the median, flag what was missing, standardise, clip to +-10.

    With one set of weights all of it is done here, in float64. With a set for each
    member, X is only brought to a common scale here, and what the rows of a member say
    is done by the net's first layer.
    """

    def fit(self, X: np.ndarray, weights: np.ndarray) -> TablePreparation:
        """Learn medians, means and scales of every column."""
        X = X.astype(np.float64, copy=False)
        missing = np.isnan(X)
        self.flagged_ = np.flatnonzero(missing.mean(axis=0) > FLAG_ABOVE)
        gaps = np.flatnonzero(missing.any(axis=0))
        self.mean_, self.scale_ = column_moments(X, weights)
        # a column that is complete in fit is filled with its mean when a value is
        # missing later, which standardises to 0
        self.fill_ = self.mean_.copy()
        self.fill_[:, gaps] = column_medians(X[:, gaps], weights)
        if len(gaps):  # statistics of what the net sees, after imputation
            self._standardise_imputed(X, gaps, weights)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return standardised columns and flags, with NaN if members impute them."""
        X = X.astype(np.float64, copy=False)
        missing = np.isnan(X)
        if len(self.fill_) == 1 and missing.any():
            X = np.where(missing, self.fill_, X)
        out = X - self.mean_[0]
        out /= self.scale_[0]
        if len(self.fill_) == 1:
            np.clip(out, -CLIP, CLIP, out=out)
        if len(self.flagged_):
            out = np.hstack([out, missing[:, self.flagged_]])
        return out

    def input_layer(self, dtype: torch.dtype) -> nn.Module:
        """Return the step from the common scale to each member's own."""
        if len(self.fill_) == 1:
            return nn.Identity()
        centre, unit = self.mean_[0], self.scale_[0]
        fill = self._pad((self.fill_ - centre) / unit, 0.0)
        shift = self._pad((self.mean_ - centre) / unit, 0.0)
        scale = self._pad(unit / self.scale_, 1.0)
        tensors = [
            torch.as_tensor(v, dtype=dtype)[:, None] for v in (fill, shift, scale)
        ]
        return InputLayer(*tensors, limit=CLIP)

    def _pad(self, values: np.ndarray, flag_value: float) -> np.ndarray:
        n_flags = len(self.flagged_)
        return np.pad(values, ((0, 0), (0, n_flags)), constant_values=flag_value)

    def _standardise_imputed(
        self, X: np.ndarray, gaps: np.ndarray, weights: np.ndarray
    ) -> None:
        for m, row_weights in enumerate(weights):
            columns = X[:, gaps]
            columns = np.where(np.isnan(columns), self.fill_[m, gaps], columns)
            mean, scale = column_moments(columns, row_weights[None])
            self.mean_[m, gaps], self.scale_[m, gaps] = mean[0], scale[0]


def make_preparation(wanted: str, X: Any) -> Preparation:
    """Return the preparation that a trunk wants for this kind of X.

    Parameters
    ----------
    wanted : {"table", "raw"}
        What the trunk says.
    X : ndarray or sparse array
        Inputs.

    Returns
    -------
    Preparation
        Not yet fitted.
    """
    if wanted == "raw":
        return RawPreparation()
    return SparsePreparation() if sparse.issparse(X) else TablePreparation()
