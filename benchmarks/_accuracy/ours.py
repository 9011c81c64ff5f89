"""Our models: the default net, its twin, the blend, and one net distilled from it."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._accuracy.names import PACKAGES
from benchmarks._accuracy.tables import Table
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.neural_network import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)

_BLENDS = {
    "classification": "MultiTaskBlendClassifier",
    "regression": "MultiTaskBlendRegressor",
    "mixed": "MultiTaskBlendMixedEstimator",
}


def why_not(name: str) -> str:
    """Return why a model cannot be run here; an empty string if it can."""
    if name in PACKAGES:
        package = PACKAGES[name]
        is_there = importlib.util.find_spec(package) is not None
        return "" if is_there else f"it needs the package {package}"
    if name not in ("blend", "distilled"):
        return ""
    try:
        ensemble = importlib.import_module("sklearn_mtl.ensemble")
    except ImportError:
        return "sklearn_mtl.ensemble is not available"
    absent = [n for n in _BLENDS.values() if not hasattr(ensemble, n)]
    return f"sklearn_mtl.ensemble has no {', '.join(absent)}" if absent else ""


def fit_ours(
    name: str,
    table: Table,
    seed: int,
    chosen: dict[str, Any],
    X: pd.DataFrame,
    y: np.ndarray,
) -> Any:
    """Return a model fitted to all tasks; the distilled one is the student."""
    if name == "distilled":
        ensemble = importlib.import_module("sklearn_mtl.ensemble")
        teacher = make_ours("blend", table, seed, chosen).fit(X, y)
        return ensemble.distill(teacher, X, random_state=seed)
    return make_ours(name, table, seed, chosen).fit(X, y)


def make_ours(name: str, table: Table, seed: int, chosen: dict[str, Any]) -> Any:
    """Return an unfitted model of all tasks; `chosen` holds parameters, if any."""
    common = {"random_state": seed, **chosen}
    if name == "twin":
        model = IndependentTasks(
            classifier=MultiTaskClassifier(**common),
            regressor=MultiTaskRegressor(**common),
            task_types=_types(table),
        )
    elif name == "net":
        model = _net(table, common)
    else:
        ensemble = importlib.import_module("sklearn_mtl.ensemble")
        if table.problem == "mixed":
            common["task_types"] = _types(table)
        model = getattr(ensemble, _BLENDS[table.problem])(**common)
    if "on_empty_task" in model.get_params():
        model.set_params(on_empty_task="warn")
    return model


def _net(table: Table, common: dict[str, Any]) -> Any:
    if table.problem == "classification":
        return MultiTaskClassifier(**common)
    if table.problem == "regression":
        return MultiTaskRegressor(**common)
    return MultiTaskMixedEstimator(**common, task_types=_types(table))


def outputs(model: Any, table: Table, X: pd.DataFrame) -> list[np.ndarray]:
    """Return (n, n_classes) with a column a class code, or (n,), for every task."""
    n_tasks = len(table.kinds)
    values = probas = classes = [None] * n_tasks
    if table.problem != "classification":
        values = list(np.asarray(model.predict(X)).reshape(len(X), n_tasks).T)
    if table.problem != "regression":
        probas, classes = model.predict_proba(X), model.classes_
    out = []
    for t, kind in enumerate(table.kinds):
        if kind == "regression":
            out.append(values[t].astype(np.float64))
            continue
        full = np.zeros((len(X), table.n_classes[t]))
        if len(classes[t]):  # a task without any label has no class
            full[:, np.asarray(classes[t]).astype(int)] = probas[t]
        out.append(full)
    return out


def _types(table: Table) -> list[str]:
    return [
        "regression" if kind == "regression" else "classification"
        for kind in table.kinds
    ]
