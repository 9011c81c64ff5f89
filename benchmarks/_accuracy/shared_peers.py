"""Models of all tasks together by other libraries.

chains: the mean of chains of forests in random orders, fitted to the samples with all
labels, if all tasks are binary or all are regressions. J. Read, B. Pfahringer,
G. Holmes, E. Frank, "Classifier chains for multi-label classification", Machine
Learning 85, 2011; E. Spyromitros-Xioufis, G. Tsoumakas, W. Groves, I. Vlahavas,
"Multi-target regression via input space expansion", Machine Learning 104, 2016.
catboost_multi: CatBoost's MultiRMSE or MultiLogloss, if no label is missing and all
tasks are of this kind. xgboost_multi: XGBoost's trees with a vector in each leaf and a
custom objective, whose gradient is 0 for missing labels.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.multioutput import ClassifierChain, RegressorChain

from benchmarks._accuracy.peers import as_texts, prepare
from benchmarks._accuracy.tables import Table

__all__ = ["fit_shared", "why_not_shared"]

Predict = Callable[[np.ndarray], dict[int, np.ndarray]]
_ROUNDS, _NO_CURVATURE = 100, 1e-6  # XGBoost divides by the sum of the latter
_N_CHAINS = 5


def why_not_shared(name: str, table: Table) -> str:
    """Return why a table is not for a peer; an empty string if it is."""
    if name == "xgboost_multi":
        return ""
    kinds = set(table.kinds)
    if len(table.kinds) < 2 or kinds not in ({"regression"}, {"binary"}):
        return "it takes several regressions or several binary tasks"
    if name == "chains":
        return ""
    return "its losses need all labels" if np.isnan(table.y).any() else ""


def fit_shared(name: str, table: Table, rows: np.ndarray, seed: int) -> Predict:
    """Fit all tasks to some of the samples; the result predicts one array per task."""
    return _FITS[name](table, rows, seed)


def _fit_catboost(table: Table, rows: np.ndarray, seed: int) -> Predict:
    catboost = importlib.import_module("catboost")
    codes = np.flatnonzero(table.categorical).tolist()
    common = {"random_seed": seed, "thread_count": 1, "verbose": False}
    common |= {"allow_writing_files": False}
    is_regression = table.kinds[0] == "regression"
    kind = catboost.CatBoostRegressor if is_regression else catboost.CatBoostClassifier
    loss = "MultiRMSE" if is_regression else "MultiLogloss"
    model = kind(loss_function=loss, **common)
    y = table.y[rows] if is_regression else table.y[rows].astype(int)
    model.fit(as_texts(table.X[rows], codes), y, cat_features=codes)

    def predict(chosen: np.ndarray) -> dict[int, np.ndarray]:
        new = as_texts(table.X[chosen], codes)
        if is_regression:
            return dict(enumerate(model.predict(new).T))
        return {t: np.c_[1 - p, p] for t, p in enumerate(model.predict_proba(new).T)}

    return predict


def _fit_chains(table: Table, rows: np.ndarray, seed: int) -> Predict:
    rows = rows[~np.isnan(table.y[rows]).any(axis=1)]  # a chain needs all labels
    preparation = prepare(table.categorical)
    X, y = preparation.fit_transform(table.X[rows]), table.y[rows]
    is_regression = table.kinds[0] == "regression"
    chains = []
    for chain_seed in np.random.SeedSequence(seed).generate_state(_N_CHAINS):
        state = int(chain_seed)
        if is_regression:
            forest = RandomForestRegressor(random_state=state)
            chain = RegressorChain(forest, order="random", random_state=state)
        else:
            forest = RandomForestClassifier(random_state=state)
            chain = ClassifierChain(
                forest,
                order="random",
                chain_method="predict_proba",
                random_state=state,
            )
        chains.append(chain.fit(X, y))

    def predict(chosen: np.ndarray) -> dict[int, np.ndarray]:
        new = preparation.transform(table.X[chosen])
        if is_regression:
            values = np.mean([chain.predict(new) for chain in chains], axis=0)
            return dict(enumerate(values.T))
        p = np.mean([chain.predict_proba(new) for chain in chains], axis=0)
        return {t: np.c_[1 - column, column] for t, column in enumerate(p.T)}

    return predict


def _fit_xgboost(table: Table, rows: np.ndarray, seed: int) -> Predict:
    xgboost = importlib.import_module("xgboost")
    y, places = table.y[rows], _places(table)
    is_value = np.array(table.kinds) == "regression"
    mean = np.where(is_value, np.nanmean(y, axis=0), 0.0)
    scale = np.where(is_value, np.nanstd(y, axis=0) + 1e-12, 1.0)
    types = np.where(table.categorical, "c", "q").tolist()

    def as_matrix(chosen: np.ndarray, **labels: np.ndarray) -> Any:
        return xgboost.DMatrix(
            table.X[chosen], feature_types=types, enable_categorical=True, **labels
        )

    def gradients(margins: np.ndarray, _: object) -> tuple[np.ndarray, np.ndarray]:
        return _gradients(margins, (y - mean) / scale, places, is_value)

    shape = (len(rows), places[-1].stop)
    parameters = {
        "multi_strategy": "multi_output_tree",
        "tree_method": "hist",
        "nthread": 1,
        "seed": seed,
        "base_score": 0.0,
        "disable_default_eval_metric": True,
    }
    matrix = as_matrix(rows, label=np.zeros(shape))
    booster = xgboost.train(parameters, matrix, _ROUNDS, obj=gradients)

    def predict(chosen: np.ndarray) -> dict[int, np.ndarray]:
        said = booster.predict(as_matrix(chosen), output_margin=True)
        said, out = said.reshape(len(chosen), -1), {}
        for t, place in enumerate(places):
            values = said[:, place.start] * scale[t] + mean[t]
            out[t] = values if is_value[t] else _probabilities(said[:, place])
        return out

    return predict


def _gradients(
    margins: np.ndarray, labels: np.ndarray, places: list[slice], is_value: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return derivatives of squared errors and log-losses; 0 for a missing label."""
    first, second = np.zeros(margins.shape), np.full(margins.shape, _NO_CURVATURE)
    for t, place in enumerate(places):
        seen = np.flatnonzero(~np.isnan(labels[:, t]))
        own = margins[seen, place]
        if is_value[t]:
            first[seen, place] = own - labels[seen, t][:, None]
            second[seen, place] = 1.0
            continue
        proba = _probabilities(own)
        truth = np.eye(proba.shape[1])[labels[seen, t].astype(int)]
        kept = slice(-own.shape[1], None)  # of two classes the second has a margin
        first[seen, place] = (proba - truth)[:, kept]
        curvature = (proba * (1.0 - proba))[:, kept]
        second[seen, place] = np.maximum(curvature, _NO_CURVATURE)
    return first, second


def _places(table: Table) -> list[slice]:
    """Return the columns of each task: one, or one per class of more than two."""
    places, start = [], 0
    for n_classes in table.n_classes:
        stop = start + (n_classes if n_classes > 2 else 1)
        places.append(slice(start, stop))
        start = stop
    return places


def _probabilities(margins: np.ndarray) -> np.ndarray:
    """Return the probabilities of all classes."""
    if margins.shape[1] > 1:
        return softmax(margins, axis=1)
    return np.hstack([1.0 - expit(margins), expit(margins)])


_FITS: dict[str, Callable[[Table, np.ndarray, int], Predict]] = {
    "catboost_multi": _fit_catboost,
    "xgboost_multi": _fit_xgboost,
    "chains": _fit_chains,
}
