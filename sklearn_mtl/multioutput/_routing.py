"""Routing of the parameters of fit to estimators and tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.utils.metadata_routing import process_routing

from sklearn_mtl.multioutput._templates import Templates
from sklearn_mtl.tasks import Task, TaskSet, TokenLabels, as_cells, check_sample_weight
from sklearn_mtl.utils._fit_params import (
    fit_params_for,
    refuse_untransformed,
    refuse_unused,
)
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._pipelines import weight_key
from sklearn_mtl.utils._private import safe_indexing
from sklearn_mtl.utils._typing import FeaturesLike, Predictor

__all__ = ["TaskValidation", "route"]

_WHO = "IndependentTasks"


def route(
    model: Predictor,
    templates: Templates,
    sample_weight: ArrayLike | None,
    fit_params: Mapping[str, Any],
    held: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Return the parameters of fit for each given estimator."""
    named = templates.named()
    held = {name: value for name, value in held.items() if value is not None}
    if get_config()["enable_metadata_routing"]:
        given = {**fit_params, **held}
        if sample_weight is not None:
            given["sample_weight"] = sample_weight
        routed = process_routing(model, "fit", **given)
        return {key: routed[key].fit for key in named}
    refuse_unused(named.values(), held, _WHO)
    refuse_untransformed(fit_params, "its step", _WHO)
    params = {
        key: {**fit_params, **fit_params_for(one, held, _WHO)}
        for key, one in named.items()
    }
    if sample_weight is not None:
        for key, one in named.items():
            params[key][weight_key(one, _WHO)] = sample_weight
    return params


@dataclass(frozen=True)
class TaskValidation:
    """A validation set that is restricted to each task.

    Attributes
    ----------
    X : array-like of shape (n_val, n_features)
        Inputs.
    tasks : sequence of Task
        The tasks.
    codes : ndarray of shape (n_val, n_tasks)
        Encoded labels, NaN for missing labels and labels of weight 0.
    weights : ndarray of shape (n_val, n_tasks) or None
        Weights of the labels.
    tokens : dict of int to TokenLabels
        Tags of the token tasks, by column.
    """

    X: FeaturesLike
    tasks: Sequence[Task]
    codes: np.ndarray
    weights: np.ndarray | None
    tokens: Mapping[int, TokenLabels]

    @classmethod
    def read(
        cls, given: HoldOut, task_set: TaskSet, on_empty_task: str
    ) -> TaskValidation:
        """Encode y_val with the tasks of y."""
        codes, weights = given.encode(task_set, _WHO)
        given.check_tasks(task_set, ~np.isnan(codes), _WHO, on_empty_task)
        if weights is not None:
            weights = check_sample_weight(weights, codes.shape, _WHO)
        tokens = task_set.encode_tokens(given.y, who=_WHO, name="y_val")
        return cls(given.X, task_set.tasks, codes, weights, tokens)

    def of(self, t: int) -> dict[str, Any]:
        """Return the validation set of one task; empty if it has no label."""
        rows = np.flatnonzero(~np.isnan(self.codes[:, t]))
        if not len(rows):
            return {}
        is_whole = len(rows) == len(self.codes)
        labels = self.codes[rows, t]
        if t in self.tokens:
            own_tags = self.tokens[t].take(rows)
            labels = as_cells(np.split(own_tags.codes, own_tags.offsets[1:-1]))
        own = {
            "X_val": self.X if is_whole else safe_indexing(self.X, rows),
            "y_val": self.tasks[t].decode(labels),
        }
        if self.weights is not None:
            own["sample_weight_val"] = self.weights[rows, t]
        return own
