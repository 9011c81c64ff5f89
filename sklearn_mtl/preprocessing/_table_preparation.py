"""Prepare a dense table: impute, flag, standardise, clip, one-hot and embed."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import OneHotEncoder

from sklearn_mtl.preprocessing import PiecewiseLinear
from sklearn_mtl.preprocessing._edges import (
    compress_targets,
    embeddable_columns,
    embedding_edges,
)
from sklearn_mtl.preprocessing._inputs import Table
from sklearn_mtl.preprocessing._preparation import (
    MemberScales,
    Preparation,
    TargetsOf,
)
from sklearn_mtl.preprocessing._statistics import column_medians, column_moments

__all__ = ["TablePreparation"]

CLIP = 10.0
FLAG_ABOVE = 0.01  # a column with a larger share of missing values gets a flag
MAX_CATEGORIES = 64  # of a column; rarer ones share a column


class TablePreparation(Preparation):
    """Impute the median, flag what was missing, standardise, clip to +-10, embed.

    With one set of weights the columns are finished here, in float64. With a set for
    each member, X is only brought to a common scale here, and what the rows of a member
    say is done by the net's first layer.

    Parameters
    ----------
    embedding : PiecewiseLinear or None
        Of the numeric columns.
    """

    def __init__(self, embedding: PiecewiseLinear | None) -> None:
        self.embedding = embedding

    def fit(
        self, X: Table, weights: np.ndarray, targets: TargetsOf
    ) -> TablePreparation:
        """Learn medians, means, scales, categories and edges."""
        numeric = X.numeric
        missing = np.isnan(numeric)
        mass = weights.sum(axis=0)
        used = mass > 0  # a row of weight zero is as good as none
        self.flagged_ = np.flatnonzero(mass @ missing > FLAG_ABOVE * mass.sum())
        gaps = np.flatnonzero(missing[used].any(axis=0))
        self.mean_, self.scale_ = column_moments(numeric, weights)
        # a column that is complete in fit is filled with its mean when a value is
        # missing later, which standardises to 0
        self.fill_ = self.mean_.copy()
        self.fill_[:, gaps] = column_medians(numeric[:, gaps], weights)
        if len(gaps):  # statistics of what the net sees, after imputation
            self._standardise_imputed(numeric, gaps, weights)
        self.encoder_ = None
        if X.categorical is not None:
            self.encoder_ = OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                max_categories=MAX_CATEGORIES,
                sparse_output=False,
            ).fit(X.categorical[used])
        self.columns_ = np.empty(0, dtype=np.intp)
        if self.embedding is not None:
            self.columns_ = embeddable_columns(numeric[used])
        if len(self.columns_):
            self._place_edges(numeric, weights, targets)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return columns on a common scale, flags and categories, side by side."""
        is_shared = len(self.fill_) == 1
        missing = np.isnan(X.numeric)
        numeric = X.numeric
        if is_shared and missing.any():
            numeric = np.where(missing, self.fill_, numeric)
        blocks = [numeric - self.mean_[0]]
        blocks[0] /= self.scale_[0]
        if is_shared:
            np.clip(blocks[0], -CLIP, CLIP, out=blocks[0])
        if len(self.flagged_):
            blocks.append(missing[:, self.flagged_])
        if self.encoder_ is not None:
            blocks.append(self.encoder_.transform(X.categorical))
        return np.hstack(blocks) if len(blocks) > 1 else blocks[0]

    def member_scales(self, n_columns: int) -> MemberScales | None:
        """Return each member's own imputation and standardisation."""
        if len(self.fill_) == 1:
            return None
        centre, unit = self.mean_[0], self.scale_[0]
        n_rest = n_columns - len(centre)  # flags and categories stay as they are

        def widen(values: np.ndarray, rest: float) -> np.ndarray:
            return np.pad(values, ((0, 0), (0, n_rest)), constant_values=rest)

        fill = widen((self.fill_ - centre) / unit, 0.0)
        shift = widen((self.mean_ - centre) / unit, 0.0)
        return MemberScales(fill, shift, widen(unit / self.scale_, 1.0), CLIP)

    def embedding_edges(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return which columns are embedded, and the edges of each member."""
        return (self.columns_, self.edges_) if len(self.columns_) else None

    def _standardise_imputed(
        self, X: np.ndarray, gaps: np.ndarray, weights: np.ndarray
    ) -> None:
        columns = X[:, gaps]
        missing = np.isnan(columns)
        for m, row_weights in enumerate(weights):
            filled = np.where(missing, self.fill_[m, gaps], columns)
            mean, scale = column_moments(filled, row_weights[None])
            self.mean_[m, gaps], self.scale_[m, gaps] = mean[0], scale[0]

    def _place_edges(
        self, X: np.ndarray, weights: np.ndarray, targets: TargetsOf
    ) -> None:
        """Find the edges of every set, on the scale that its net sees."""
        assert self.embedding is not None
        at, found = self.columns_, []
        for m, row_weights in enumerate(weights):
            rows = np.flatnonzero(row_weights > 0)
            columns = X[np.ix_(rows, at)]
            columns = np.where(np.isnan(columns), self.fill_[m, at], columns)
            columns = (columns - self.mean_[m, at]) / self.scale_[m, at]
            labels = compress_targets(targets(m)[rows], row_weights[rows])
            np.clip(columns, -CLIP, CLIP, out=columns)
            found.append(
                embedding_edges(self.embedding, columns, labels, row_weights[rows])
            )
        self.edges_ = np.stack(found)
