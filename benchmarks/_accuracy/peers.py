"""One model per task from common libraries, with their defaults."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks._accuracy.names import STACKED


@dataclass(frozen=True)
class Task:
    """Information that other models may use before they are fitted."""

    is_regression: bool
    n_classes: int
    categorical: np.ndarray
    seed: int


def prepare(categorical: np.ndarray) -> Any:
    """Impute and standardise numbers, and encode codes as one column a category."""
    codes, numbers = np.flatnonzero(categorical), np.flatnonzero(~categorical)
    steps = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
    )
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer((steps, numbers), (one_hot, codes))


def make_peer(name: str, task: Task, chosen: dict[str, Any]) -> Any:
    """Return an unfitted estimator; `chosen` has its non-default parameters.

    For "stacking" it holds those of each member by name.
    """
    if name == "stacking":
        return _stacking(task, chosen)
    is_scaled = name in ("linear", "mlp")
    # they accept categories as strings, and other columns unchanged
    if name in ("catboost", "realmlp", "tabm"):
        return _MAKERS[name](task).set_params(**chosen)
    model = _MAKERS[name](task).set_params(**chosen)
    return make_pipeline(prepare(task.categorical), model) if is_scaled else model


def fit_peer(name: str, model: Any, X: np.ndarray, y: np.ndarray, task: Task) -> Any:
    """Fit to the samples of one task; return a function X -> (n, n_classes) or (n,)."""
    extra = {}
    codes = np.flatnonzero(task.categorical).tolist()
    if name == "lightgbm" and codes:
        extra["categorical_feature"] = codes
    if name in ("catboost", "realmlp", "tabm"):
        extra["cat_features" if name == "catboost" else "cat_col_names"] = codes
        return _fit_frame(model, X, y, task, extra)
    if task.is_regression:
        return model.fit(X, y, **extra).predict
    classes, codes = np.unique(y.astype(int), return_inverse=True)
    if len(classes) == 1:
        return lambda rows: _spread(np.ones((len(rows), 1)), classes, task.n_classes)
    model.fit(X, codes, **extra)
    return lambda rows: _spread(model.predict_proba(rows), classes, task.n_classes)


def as_texts(X: np.ndarray, codes: list[int]) -> pd.DataFrame:
    """Return columns of numbers, and codes of categories as texts ("nan" if missing).

    Missing texts raise an error in CatBoost.
    """
    frame = pd.DataFrame(X, columns=[str(name) for name in range(X.shape[1])])
    texts = {str(code): X[:, code].astype(str).astype(object) for code in codes}
    return frame.assign(**texts)


def _fit_frame(
    model: Any, X: np.ndarray, y: np.ndarray, task: Task, extra: dict[str, list[int]]
) -> Any:
    """Fit to a frame, in which categories are texts."""
    codes = next(iter(extra.values()))
    extra = {name: [str(code) for code in codes] for name in extra}
    if task.is_regression:
        model.fit(as_texts(X, codes), y, **extra)
        return lambda rows: np.ravel(model.predict(as_texts(rows, codes)))
    classes, labels = np.unique(y.astype(int), return_inverse=True)
    if len(classes) == 1:
        return lambda rows: _spread(np.ones((len(rows), 1)), classes, task.n_classes)
    model.fit(as_texts(X, codes), labels, **extra)
    return lambda rows: _spread(
        model.predict_proba(as_texts(rows, codes)), classes, task.n_classes
    )


def _spread(proba: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """Set the probability of classes not in the training samples to 0."""
    out = np.zeros((len(proba), n_classes))
    out[:, classes] = proba
    return out


def _linear(task: Task) -> Any:
    # the default of 100 iterations ends before convergence on half of the tables
    return Ridge() if task.is_regression else LogisticRegression(max_iter=1000)


def _forest(task: Task) -> Any:
    kind = RandomForestRegressor if task.is_regression else RandomForestClassifier
    return kind(random_state=task.seed, n_jobs=1)


def _histgb(task: Task) -> Any:
    kind = (
        HistGradientBoostingRegressor
        if task.is_regression
        else HistGradientBoostingClassifier
    )
    return kind(random_state=task.seed, categorical_features=task.categorical)


def _lightgbm(task: Task) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor  # which tests do without

    kind = LGBMRegressor if task.is_regression else LGBMClassifier
    return kind(random_state=task.seed, n_jobs=1, verbosity=-1)


def _xgboost(task: Task) -> Any:
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBRegressor if task.is_regression else XGBClassifier
    types = np.where(task.categorical, "c", "q").tolist()
    return kind(
        random_state=task.seed,
        n_jobs=1,
        feature_types=types,
        enable_categorical=True,
    )


def _mlp(task: Task) -> Any:
    kind = MLPRegressor if task.is_regression else MLPClassifier
    return kind(random_state=task.seed)


def _stacking(task: Task, chosen: dict[str, Any]) -> Any:
    members = [(n, make_peer(n, task, chosen.get(n, {}))) for n in STACKED]
    if task.is_regression:
        return StackingRegressor(members, RidgeCV())
    return StackingClassifier(members, LogisticRegression(max_iter=1000))


def _extratrees(task: Task) -> Any:
    kind = ExtraTreesRegressor if task.is_regression else ExtraTreesClassifier
    return kind(random_state=task.seed, n_jobs=1)


def _catboost(task: Task) -> Any:
    catboost = importlib.import_module("catboost")
    kind = (
        catboost.CatBoostRegressor
        if task.is_regression
        else catboost.CatBoostClassifier
    )
    return kind(
        random_seed=task.seed, thread_count=1, verbose=False, allow_writing_files=False
    )


def _pytabkit(name: str, task: Task) -> Any:
    """Return one of pytabkit's estimators, with the defaults of its authors."""
    pytabkit = importlib.import_module("pytabkit")
    kind = "Regressor" if task.is_regression else "Classifier"
    model = getattr(pytabkit, f"{name}_{kind}")
    return model(device="cpu", random_state=task.seed, n_threads=1)


_MAKERS: dict[str, Callable[[Task], Any]] = {
    "linear": _linear,
    "forest": _forest,
    "histgb": _histgb,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "mlp": _mlp,
    "extratrees": _extratrees,
    "catboost": _catboost,
    "realmlp": partial(_pytabkit, "RealMLP_TD"),
    "tabm": partial(_pytabkit, "TabM_D"),
}
