"""Preparation of a dense table: imputation, flags, scaling, one-hot, embedding."""

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
from sklearn_mtl.preprocessing._statistics import (
    column_blocks,
    column_medians,
    column_moments,
)

__all__ = ["TablePreparation"]

CLIP = 10.0
FLAG_ABOVE = 0.01  # a column with more missing values gets an indicator column
MAX_CATEGORIES = 64  # per column; less frequent categories share one output column
EDGE_SAMPLES = 200_000  # subsample for the edges, as in scikit-learn's quantiles


class TablePreparation(Preparation):
    """Impute medians, flag missing values, standardise, clip to +-10, and embed.

    With one set of weights, the columns are prepared completely here, in float64. With
    one set per member, X is only brought to a common scale here. The statistics of each
    member are applied in the first layer of the net.

    Parameters
    ----------
    embedding : PiecewiseLinear or None
        Embedding of the numeric columns.
    """

    def __init__(self, embedding: PiecewiseLinear | None) -> None:
        self.embedding = embedding

    def fit(
        self, X: Table, weights: np.ndarray, targets: TargetsOf
    ) -> TablePreparation:
        """Learn medians, means, scales, categories and edges."""
        mass = weights.sum(axis=0)
        used = mass > 0  # samples with weight 0 are ignored
        self._learn_columns(X.numeric, weights, mass)
        self.encoder_ = None
        if X.categorical is not None:
            self.encoder_ = OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                max_categories=MAX_CATEGORIES,
                sparse_output=False,
            ).fit(X.categorical[used])
        if len(self.columns_):
            self._place_edges(X.numeric, weights, targets)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return scaled columns, flags and one-hot categories in one array."""
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
        """Return the imputation and standardisation of each member."""
        if len(self.fill_) == 1:
            return None
        centre, unit = self.mean_[0], self.scale_[0]
        n_rest = n_columns - len(centre)  # flags and categories are not changed

        def widen(values: np.ndarray, rest: float) -> np.ndarray:
            return np.pad(values, ((0, 0), (0, n_rest)), constant_values=rest)

        fill = widen((self.fill_ - centre) / unit, 0.0)
        shift = widen((self.mean_ - centre) / unit, 0.0)
        return MemberScales(fill, shift, widen(unit / self.scale_, 1.0), CLIP)

    def embedding_edges(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the embedded columns, and the edges of each member."""
        return (self.columns_, self.edges_) if len(self.columns_) else None

    def _learn_columns(
        self, X: np.ndarray, weights: np.ndarray, mass: np.ndarray
    ) -> None:
        """Learn medians, means, scales, and the flagged and embedded columns."""
        n_columns = X.shape[1]
        self.mean_ = np.empty((len(weights), n_columns))
        self.scale_, self.fill_ = np.empty_like(self.mean_), np.empty_like(self.mean_)
        is_flagged, is_embedded = np.zeros((2, n_columns), dtype=bool)
        for at, columns in column_blocks(X, np.arange(n_columns)):
            missing = np.isnan(columns)
            is_flagged[at] = mass @ missing > FLAG_ABOVE * mass.sum()
            gaps = np.flatnonzero(missing[mass > 0].any(axis=0))
            mean, scale = column_moments(columns, weights)
            # A column without missing values in fit is later imputed with its mean,
            # which is 0 after standardisation.
            fill = mean.copy()
            fill[:, gaps] = column_medians(columns[:, gaps], weights)
            for m, row_weights in enumerate(weights if len(gaps) else []):
                # statistics after imputation, as seen by the net
                filled = np.where(missing[:, gaps], fill[m, gaps], columns[:, gaps])
                found = column_moments(filled, row_weights[None])
                mean[m, gaps], scale[m, gaps] = found[0][0], found[1][0]
            self.mean_[:, at], self.scale_[:, at] = mean, scale
            self.fill_[:, at] = fill
            if self.embedding is not None:
                is_embedded[at][embeddable_columns(columns[mass > 0])] = True
        self.flagged_ = np.flatnonzero(is_flagged)
        self.columns_ = np.flatnonzero(is_embedded)

    def _place_edges(
        self, X: np.ndarray, weights: np.ndarray, targets: TargetsOf
    ) -> None:
        """Compute the edges of each set of weights, on the scale of its net."""
        assert self.embedding is not None
        found = []
        for m, row_weights in enumerate(weights):
            rows = _edge_rows(row_weights)
            labels = compress_targets(targets(m)[rows], row_weights[rows])
            blocks = []
            for place, columns in column_blocks(X, self.columns_, rows):
                at = self.columns_[place]
                columns = np.where(np.isnan(columns), self.fill_[m, at], columns)
                columns = (columns - self.mean_[m, at]) / self.scale_[m, at]
                np.clip(columns, -CLIP, CLIP, out=columns)
                weight, n_all = row_weights[rows], len(self.columns_)
                blocks.append(
                    embedding_edges(self.embedding, columns, labels, weight, n_all)
                )
            found.append(np.concatenate(blocks))
        self.edges_ = np.stack(found)


def _edge_rows(weights: np.ndarray) -> np.ndarray:
    """Return the samples with positive weight, or a subsample if there are many."""
    rows = np.flatnonzero(weights > 0)
    if len(rows) <= EDGE_SAMPLES:
        return rows
    # A fixed seed: the choice of 200,000 samples has no relevant effect.
    return np.sort(np.random.default_rng(0).choice(rows, EDGE_SAMPLES, replace=False))
