"""Models of the size of errors, as a function of the predictions of all tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sklearn_mtl.uncertainty._outputs_as_features import Axes, OutputFeatures

__all__ = ["ScaleModel", "fit_scales", "make_parts"]

_ALPHAS = (10.0, 100.0, 1000.0, np.inf)  # inf: a constant scale
_N_PARTS = 5
_N_ITER, _TOL = 30, 1e-4
_SMALLEST = 1e-12  # minimum error, relative to the spread of the outputs


@dataclass(frozen=True)
class ScaleModel:
    """The expected absolute error of one task at a sample.

    It is the exponential of a linear function of the outputs of all tasks, or constant
    if this predicts held-out errors better.

    Attributes
    ----------
    own : slice
        Columns of the task in the outputs.
    coef : ndarray of shape (n_features,)
        Coefficients.
    low, high : float
        Smallest and largest logarithm in training. Predictions are clipped to this
        range.
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
        r"""Minimise the deviance of exponentially distributed errors.

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
    penalty[0] = 0.0  # the intercept is not penalised
    # the expected Hessian is that of least squares, and is constant
    factor = linalg.cho_factor((F.T * weights) @ F + np.diag(penalty + 1e-9))
    for _ in range(_N_ITER):
        pull = weights * (1.0 - errors * np.exp(-(F @ coef)))
        step = linalg.cho_solve(factor, F.T @ pull + penalty * coef)
        longest = np.abs(F @ step).max()
        # short steps, because the expected Hessian is inaccurate far from the minimum
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
    """Yield the model of each task, and the cross-fitted scales.

    The error of a sample does not influence the scale by which it is divided.

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
        # positive errors, so that there is a scale if all errors are zero
        e = np.maximum(e, _SMALLEST * _spread(columns[rows, own]))
        scales = _cross_fit(own, parts, rows, e, w)  # (n_alphas, n_rows)
        known = ~np.isnan(scales[0])
        chosen = len(_ALPHAS) - 1
        if known.any():
            deviance = np.log(scales[:, known]) + e[known] / scales[:, known]
            chosen = int((deviance @ w[known]).argmin())
        model = ScaleModel.learn(own, whole.of_task(own, rows), e, w, _ALPHAS[chosen])
        # if all labels are in one fold, there are no cross-fitted scales
        best = np.where(known, scales[chosen], model.predict(whole, rows))
        out = np.full(len(fold), np.nan)
        out[rows] = best
        yield model, out


def _spread(columns: np.ndarray) -> float:
    """Return the largest distance of outputs (n_rows, n_columns) to the first one.

    It does not depend on an offset, and is positive even if all outputs are equal.
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
    """Return the scales of samples by models of the other folds, NaN if impossible.

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
    """Return the parts of the samples for cross-fitting, without dividing folds.

    Shapes: fold (n_samples,) or None -> (n_samples,).
    """
    if fold is None:  # a fixed seed
        return np.random.default_rng(0).permutation(np.arange(n_samples) % _N_PARTS)
    numbers = np.unique(fold, return_inverse=True)[1].ravel()
    return numbers % _N_PARTS
