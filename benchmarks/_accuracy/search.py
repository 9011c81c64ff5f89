"""Random search for a model of another package, on the training samples of one task."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.model_selection import KFold, ParameterSampler

from benchmarks._accuracy.errors import log_loss
from benchmarks._accuracy.peers import Task, fit_peer, make_peer

N_FOLDS = 3

_TREES = {
    "learning_rate": loguniform(0.01, 0.3),
    "max_depth": [3, 4, 6, 8, 10],
}
SPACES: dict[str, dict[str, Any]] = {
    "forest": {
        "n_estimators": [100, 200, 400],
        "max_features": ["sqrt", 0.1, 0.2, 0.33, 0.5, 1.0],
        "min_samples_leaf": [1, 2, 3, 5, 10, 20],
        "max_depth": [None, 8, 16],
    },
    "histgb": _TREES
    | {
        "max_iter": randint(50, 500),
        "max_leaf_nodes": randint(7, 128),
        "min_samples_leaf": randint(5, 60),
        "l2_regularization": loguniform(1e-4, 30),
        "max_features": uniform(0.2, 0.8),
    },
    "lightgbm": _TREES
    | {
        "n_estimators": randint(50, 500),
        "num_leaves": randint(7, 128),
        "min_child_samples": randint(5, 60),
        "reg_lambda": loguniform(1e-4, 30),
        "colsample_bytree": uniform(0.2, 0.8),
        "subsample": uniform(0.5, 0.5),
        "subsample_freq": [1],
    },
    "xgboost": _TREES
    | {
        "n_estimators": randint(50, 500),
        "min_child_weight": loguniform(0.5, 20),
        "reg_lambda": loguniform(1e-2, 30),
        "colsample_bytree": uniform(0.2, 0.8),
        "subsample": uniform(0.5, 0.5),
    },
    "mlp": {
        "hidden_layer_sizes": [(64,), (128,), (256,), (64, 64), (128, 128), (256, 256)],
        "alpha": loguniform(1e-5, 10),
        "learning_rate_init": loguniform(3e-4, 1e-2),
        "early_stopping": [False, True],
    },
}


def has_space(name: str) -> bool:
    """Tell whether a model's parameters can be searched."""
    return name == "linear" or name in SPACES


def search_space(name: str, task: Task) -> dict[str, Any]:
    """Return the search space."""
    if name == "linear":
        strength = (
            loguniform(1e-3, 1e5) if task.is_regression else loguniform(1e-4, 1e3)
        )
        return {"alpha" if task.is_regression else "C": strength}
    space = dict(SPACES[name])
    if name == "mlp" and not task.is_regression:
        # its stratified split fails if a class has one sample
        del space["early_stopping"]
    return space


def tune(
    name: str, X: np.ndarray, y: np.ndarray, task: Task, n_trials: int
) -> dict[str, Any]:
    """Return the parameters with the lowest loss out of fold.

    The loss is the log-loss or the squared error: what measures all that is asked of a
    model later, the order of the rows (AUC) and the probabilities.
    """
    folds = list(KFold(N_FOLDS, shuffle=True, random_state=task.seed).split(X))
    sampler = ParameterSampler(
        search_space(name, task), n_trials, random_state=task.seed
    )
    trials = [{}, *sampler]  # the defaults are the first trial
    losses = [_loss(name, X, y, task, folds, chosen) for chosen in trials[:n_trials]]
    return _plain(trials[int(np.argmin(losses))])


def _loss(
    name: str,
    X: np.ndarray,
    y: np.ndarray,
    task: Task,
    folds: list[tuple[np.ndarray, np.ndarray]],
    chosen: dict[str, Any],
) -> float:
    losses = []
    for train, test in folds:
        model = make_peer(name, task, chosen)
        output = fit_peer(name, model, X[train], y[train], task)(X[test])
        if task.is_regression:
            losses.append(float(np.square(y[test] - output).mean()))
        else:
            losses.append(log_loss(y[test].astype(int), output))
    return float(np.mean(losses))


def _plain(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return numbers that JSON knows."""
    return {k: v.item() if hasattr(v, "item") else v for k, v in chosen.items()}
