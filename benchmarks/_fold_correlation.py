"""Correlation of the fold differences of a real cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.multioutput import IndependentTasks

__all__ = ["fold_correlations"]

_N_SAMPLES, _N_TASKS, _N_FOLDS = 200, 4, 5


def fold_correlations(n_sets: int, noise: float) -> dict[tuple[str, str], float]:
    """Return the correlation of the differences of two models in two folds.

    Every data set is a fresh sample of the same distribution, so the variance over data
    sets is the true one. The difference is that of R2 in the mean over tasks.
    """
    X, y = make_multitask_regression(
        n_sets * _N_SAMPLES, 20, _N_TASKS, relatedness=0.9, noise=0.0, random_state=0
    )
    rng = np.random.default_rng(1)
    y = y + noise * y.std(axis=0) * rng.standard_normal(y.shape)
    found: dict[str, np.ndarray] = {
        name: np.array(
            [
                _scores(model, X[rows : rows + _N_SAMPLES], y[rows : rows + _N_SAMPLES])
                for rows in range(0, len(X), _N_SAMPLES)
            ]
        )
        for name, model in _models().items()
    }
    return {
        (one, other): _correlation(found[one] - found[other])
        for one, other in combinations(found, 2)
    }


def _models() -> Mapping[str, Any]:
    return {
        "ridge": Ridge(),
        "shared-linear": MultiTaskLinearRegressor(),
        "its twin": IndependentTasks(MultiTaskLinearRegressor()),
        "tree": DecisionTreeRegressor(max_depth=3, random_state=0),
        "neighbours": KNeighborsRegressor(10),
        "forest": RandomForestRegressor(20, max_features=1 / 3, random_state=0),
    }


def _scores(model: Any, X: np.ndarray, y: np.ndarray) -> list[float]:
    """Return the mean R2 of each fold."""
    fold = np.arange(len(X)) % _N_FOLDS
    return [
        r2_score(
            y[fold == k], model.fit(X[fold != k], y[fold != k]).predict(X[fold == k])
        )
        for k in range(_N_FOLDS)
    ]


def _correlation(differences: np.ndarray) -> float:
    """Return the intraclass correlation: differences (n_sets, n_folds)."""
    centred = differences - differences.mean()
    variance = float((centred**2).mean())
    of_sums = float((centred.sum(axis=1) ** 2).mean())
    covariance = (of_sums / _N_FOLDS - variance) / (_N_FOLDS - 1)
    return covariance / variance
