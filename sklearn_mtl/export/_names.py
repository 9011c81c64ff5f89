"""Names of the outputs and metadata of a graph."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mtl._version import __version__
from sklearn_mtl.export._graph import INPUT
from sklearn_mtl.tasks import Task
from sklearn_mtl.utils._pipelines import fitted_model

__all__ = ["description", "output_names"]


def output_names(tasks: Sequence[Task]) -> list[str]:
    """Return a unique output name of letters, digits and underscores for each task.

    Names begin with a letter. Duplicates get a number, starting with 2.
    """
    found: list[str] = []
    for task in tasks:
        name = re.sub(r"[^A-Za-z0-9_]", "_", task.name)
        if not re.match(r"[A-Za-z]", name):
            name = f"task_{name}"
        number, wanted = 1, name
        while name in [INPUT, *found]:
            number += 1
            name = f"{wanted}_{number}"
        found.append(name)
    return found


def description(model: Any, tasks: Sequence[Task], names: Sequence[str]) -> Any:
    """Return the metadata of a graph: the model, its columns and its tasks."""
    features = getattr(model, "feature_names_in_", None)
    costs = getattr(fitted_model(model), "costs_", {})
    return {
        "model": {"class": type(model).__name__, "sklearn_mtl": __version__},
        "features": None if features is None else [str(one) for one in features],
        "tasks": [
            {
                "name": task.name,
                "output": name,
                "kind": task.kind,
                "classes": _plain(task),
                **_optional("costs", costs.get(task.name)),
            }
            for task, name in zip(tasks, names, strict=True)
        ],
    }


def _optional(key: str, array: np.ndarray | None) -> dict[str, Any]:
    return {} if array is None else {key: array.tolist()}


def _plain(task: Task) -> list[Any] | None:
    """Return the classes of a task as JSON values, with other types as strings."""
    if task.classes is None:
        return None
    plain = (bool, int, float, str)
    labels = task.classes.tolist()
    return [one if isinstance(one, plain) else str(one) for one in labels]
