"""How large errors are, as a function of what is predicted for all tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sklearn_mtl.uncertainty._outputs_as_features import Axes, OutputFeatures

__all__ = ["ScaleModel", "fit_scales", "make_parts"]

_ALPHAS = (10.0, 100.0, 1000.0, np.inf)  # inf: errors are equally large everywhere
_N_PARTS = 5
_N_ITER, _TOL = 30, 1e-4
_SMALLEST = 1e-12  # mean of errors that are all zero, relative to the outputs' spread


@dataclass(frozen=True)
class ScaleModel:
    """The expected absolute error of one task at a sample.

    The exponential of a linear function of the outputs of all tasks; constant where
    that predicts held-out errors as well.

    Attributes
    ----------
    own : slice
        The columns of the task among the outputs.
    coef : ndarray of shape (n_features,)
        Coefficients.
    low, high : float
        Smallest and largest logarithm in training; none beyond is predicted.
    """

    own: slice
    coef: np.ndarray
    low: float
    high: float

    @classmethod
    def learn(
        cls,
        own: slice,
        features: np.ndarray,
        errors: np.ndarray,
        weights: np.ndarray,
        alpha: float,
    ) -> ScaleModel:
        r"""Minimise the deviance of errors that are exponentially distributed.

        .. math:: \sum_i w_i (\log s_i + e_i / s_i) + \alpha \|b\|^2 / 2,
            \quad \log s_i = f_i b

        Shapes: features (n_samples, n_features), errors (n_samples,) > 0 in the mean,
        weights (n_samples,).
        """
        coef = np.zeros(features.shape[1])
        coef[0] = np.log(np.average(errors, weights=weights))
        if np.isfinite(alpha):
            weights = weights / weights.mean()
            coef = _score_fisher(features, errors, weights, alpha, coef)
        logs = features @ coef
        return cls(own, coef, float(logs.min()), float(logs.max()))

    def predict(
        self, features: OutputFeatures, rows: np.ndarray | slice = slice(None)
    ) -> np.ndarray:
        """Return the expected absolute errors (n_rows,)."""
        logs = features.of_task(self.own, rows) @ self.coef
        return np.exp(np.clip(logs, self.low, self.high))


def _score_fisher(
    F: np.ndarray,
    errors: np.ndarray,
    weights: np.ndarray,
    alpha: float,
    coef: np.ndarray,
) -> np.ndarray:
    """Return the coefficients that minimise the penalised deviance."""
    penalty = np.full(F.shape[1], alpha)
    penalty[0] = 0.0  # the intercept is free
    # the expected matrix is that of least squares, and stays the same
    factor = linalg.cho_factor((F.T * weights) @ F + np.diag(penalty + 1e-9))
    for _ in range(_N_ITER):
        pull = weights * (1.0 - errors * np.exp(-(F @ coef)))
        step = linalg.cho_solve(factor, F.T @ pull + penalty * coef)
        longest = np.abs(F @ step).max()
        # far from the minimum the expected matrix is no guide: short steps
        coef = coef - step / max(1.0, longest)
        if longest < _TOL:
            break
    return coef


def fit_scales(
    axes: Axes,
    columns: np.ndarray,
    places: Sequence[slice],
    errors: np.ndarray,
    weights: np.ndarray,
    fold: np.ndarray,
) -> Iterator[tuple[ScaleModel, np.ndarray]]:
    """Yield each task's model, and the scales by models of the other folds.

    A sample's own error has no part in the scale that it is divided by.

    Shapes: columns (n_samples, n_columns), errors and weights (n_samples, n_tasks),
    fold (n_samples,) -> (n_samples,), NaN where the weight is 0.
    """
    folds = np.unique(fold)
    whole = axes.features(columns)
    parts = [
        (fold == k, Axes.learn(columns[fold != k]).features(columns))
        for k in folds
        if len(folds) > 1
    ]
    for t, own in enumerate(places):
        rows = np.flatnonzero(weights[:, t] > 0)
        e, w = np.abs(errors[rows, t]), weights[rows, t]
        if not len(rows):
            yield ScaleModel(own, np.empty(0), 0.0, 0.0), np.full(len(fold), np.nan)
            continue
        # errors that are all zero have a scale too
        e = np.maximum(e, _SMALLEST * _spread(columns[rows, own]))
        scales = _cross_fit(own, parts, rows, e, w)  # (n_alphas, n_rows)
        known = ~np.isnan(scales[0])
        chosen = len(_ALPHAS) - 1
        if known.any():
            deviance = np.log(scales[:, known]) + e[known] / scales[:, known]
            chosen = int((deviance @ w[known]).argmin())
        model = ScaleModel.learn(own, whole.of_task(own, rows), e, w, _ALPHAS[chosen])
        # labels in one fold alone leave no other to learn from
        best = np.where(known, scales[chosen], model.predict(whole, rows))
        out = np.full(len(fold), np.nan)
        out[rows] = best
        yield model, out


def _spread(columns: np.ndarray) -> float:
    """Return how far outputs (n_rows, n_columns) are apart, whatever they are added to.

    More than 0, also where all are equal.
    """
    apart = columns - columns[:1]
    return float(np.abs(apart).max(initial=1e-290))


def _cross_fit(
    own: slice,
    parts: Sequence[tuple[np.ndarray, OutputFeatures]],
    rows: np.ndarray,
    errors: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Return the scales of rows by models of the other folds, NaN without any.

    Shapes: -> (n_alphas, n_rows).
    """
    scales = np.full((len(_ALPHAS), len(rows)), np.nan)
    for is_out, features in parts:
        out = is_out[rows]
        if out.all() or not out.any():
            continue
        F = features.of_task(own, rows[~out])
        for k, alpha in enumerate(_ALPHAS):
            model = ScaleModel.learn(own, F, errors[~out], weights[~out], alpha)
            scales[k, out] = model.predict(features, rows[out])
    return scales


def make_parts(fold: np.ndarray | None, n_samples: int) -> np.ndarray:
    """Return a number of parts for cross-fitting that does not divide a fold.

    Shapes: fold (n_samples,) or None -> (n_samples,).
    """
    if fold is None:  # always the same ones
        return np.random.default_rng(0).permutation(np.arange(n_samples) % _N_PARTS)
    numbers = np.unique(fold, return_inverse=True)[1].ravel()
    return numbers % _N_PARTS
