"""Fits of one model per task, with the samples, labels and parameters of the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.multioutput._routing import TaskValidation
from sklearn_mtl.multioutput._templates import Templates, for_one_task
from sklearn_mtl.tasks import TargetColumns, Task, check_sample_weight
from sklearn_mtl.utils._hold_out import VALIDATION
from sklearn_mtl.utils._private import num_samples, safe_indexing
from sklearn_mtl.utils._typing import FeaturesLike, Predictor

__all__ = ["TaskJob", "make_jobs", "routed_weight", "run"]

_WHO = "IndependentTasks"


@dataclass(frozen=True)
class TaskJob:
    """A model to fit to one task.

    Attributes
    ----------
    model : estimator or None
        Model to fit; None if there is nothing to learn.
    labels : ndarray of shape (n_observed,)
        Observed labels; lists of tags as objects.
    rows : ndarray of shape (n_observed,)
        Indices of the samples with these labels.
    params : dict
        Parameters of fit, restricted to these samples.
    who : str
        Class and task, for error messages.
    """

    model: Predictor | None
    labels: np.ndarray
    rows: np.ndarray
    params: dict[str, Any]
    who: str


def run(X: FeaturesLike, job: TaskJob) -> Any:
    """Fit the model of a job and return it, or return None."""
    if job.model is None:
        return None
    own = X if len(job.rows) == num_samples(X) else safe_indexing(X, job.rows)
    try:
        return job.model.fit(own, job.labels, **job.params)
    except Exception as error:
        error.add_note(f"{job.who}: {type(job.model).__name__} could not be fitted.")
        raise


def routed_weight(params: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return the sample weights that are passed to an estimator, or None."""
    found = [
        value
        for given in params.values()
        for name, value in given.items()
        if _is_weight(name, value)
    ]
    return found[0] if found else None


def make_jobs(
    templates: Templates,
    tasks: Sequence[Task],
    columns: TargetColumns,
    params: Mapping[str, Mapping[str, Any]],
    validation: TaskValidation | None = None,
) -> list[TaskJob]:
    """Return the jobs in task order."""
    named, jobs = templates.named(), []
    keys = templates.keys_of(columns.names, [task.type for task in tasks])
    weights = _read_weights(params, columns)
    for t, (task, key) in enumerate(zip(tasks, keys, strict=True)):
        rows = np.flatnonzero(columns.observed[:, t])
        model = None
        if task.kind not in ("empty", "constant"):
            model = for_one_task(named[key], t, columns.names, task.type)
        given = params[key]
        plain = {name: v for name, v in given.items() if name not in VALIDATION}
        own = _cut(plain, weights, columns, rows, t)
        if validation is not None and model is not None:
            held = validation.of(t)
            own |= {name: held[name] for name in held if name in given}
        who = f"{_WHO}: task {task.name!r}"
        jobs.append(TaskJob(model, columns.values[t], rows, own, who))
    return jobs


def _read_weights(
    params: Mapping[str, Mapping[str, Any]], columns: TargetColumns
) -> dict[int, np.ndarray]:
    """Return the weights of all labels by the id of the given sample weights."""
    given = {
        id(value): value
        for of_model in params.values()
        for name, value in of_model.items()
        if _is_weight(name, value)
    }
    shape = columns.observed.shape
    return {
        key: check_sample_weight(value, shape, _WHO, columns)
        for key, value in given.items()
    }


def _cut(
    params: Mapping[str, Any],
    weights: Mapping[int, np.ndarray],
    columns: TargetColumns,
    rows: np.ndarray,
    t: int,
) -> dict[str, Any]:
    """Return the parameters of fit, restricted to the samples of one task."""
    cut, n_samples = {}, len(columns.observed)
    for name, value in params.items():
        if _is_weight(name, value):
            cut[name] = weights[id(value)][rows, t]
        elif hasattr(value, "__len__") and not isinstance(value, str | Mapping):
            is_by_row = num_samples(value) == n_samples
            cut[name] = safe_indexing(value, rows) if is_by_row else value
        else:
            cut[name] = value
    return cut


def _is_weight(name: str, value: Any) -> bool:
    """Return whether a parameter of fit, also of a step, contains sample weights."""
    return name.endswith("sample_weight") and value is not None
