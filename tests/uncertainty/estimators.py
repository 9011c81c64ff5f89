"""Estimators that keep held-out predictions, and data for them."""

import numpy as np

from sklearn_mtl import (
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.ensemble import (
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
    MultiTaskForestRegressor,
)

NET = {
    "hidden_layer_sizes": (16,),
    "n_members": 3,
    "max_epochs": 20,
    "lr": 0.02,
    "early_stopping": True,
    "random_state": 0,
}
FOREST = {"n_estimators": 30, "random_state": 0}


def blend_of(blend, net, forest):
    members = [
        ("net", net(**{**NET, "random_state": None})),
        ("forest", forest(n_estimators=30)),
    ]
    return blend(members, random_state=0)


KINDS = {
    "regressor": (
        MultiTaskRegressor,
        MultiTaskForestRegressor,
        MultiTaskBlendRegressor,
    ),
    "classifier": (
        MultiTaskClassifier,
        MultiTaskForestClassifier,
        MultiTaskBlendClassifier,
    ),
    "mixed": (
        MultiTaskMixedEstimator,
        MultiTaskForestMixedEstimator,
        MultiTaskBlendMixedEstimator,
    ),
}
NAMES = ("net", "forest", "blend")


def make(kind, name):
    """Return an unfitted estimator."""
    net, forest, blend = KINDS[kind]
    if name == "net":
        return net(**NET)
    return forest(**FOREST) if name == "forest" else blend_of(blend, net, forest)


def draw(kind, n=240, seed=0, missing=True):
    """Return X and y, the second task's noise growing with its mean."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    values = np.stack([X[:, 0] + X[:, 1], 2.0 * X[:, 0]], axis=1)
    noise = np.stack([np.full(n, 0.5), 0.3 * np.exp(X[:, 0] / 2)], axis=1)
    y = values + noise * rng.normal(size=(n, 2))
    if kind in ("classifier", "mixed"):
        y[:, 0] = np.digitize(y[:, 0], [-0.7, 0.7])
    if kind == "classifier":
        y[:, 1] = y[:, 1] > 0
    if missing:
        y[::3, 1] = np.nan
    return X, y
