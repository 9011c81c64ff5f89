"""Single-task model for the labels of an added task, as a baseline."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from sklearn_mtl.neural_network.growth._labels import TaskLabels
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._private import safe_indexing
from sklearn_mtl.utils._typing import FeaturesLike

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["fresh_output"]


def fresh_output(
    model: BaseMultiTaskNet, X: FeaturesLike, labels: TaskLabels, seed: int
) -> np.ndarray | None:
    """Return out-of-fold predictions of the same net fitted on this task alone.

    The folds are those of the added head. Return None if there are no folds.

    Shapes: X (n_samples, n_features) -> (n_labels, n_classes) or (n_labels,).
    """
    output, X = None, plain_inputs(X, type(model).__name__)
    for train in labels.folds():
        fresh = _single_task_net(model, labels, seed)
        rows, test = labels.rows[train], labels.rows[~train]
        # warnings about this net would confuse the user
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fresh.fit(
                safe_indexing(X, rows),
                labels.codes[train],
                sample_weight=labels.weights[train],
            )
            found = fresh._task_outputs(safe_indexing(X, test))[0]
        if labels.task.is_classification:  # a training set may lack a class
            classes = fresh.task_set_.classes[0].astype(np.intp)
            every = np.zeros((len(found), labels.task.n_classes))
            every[:, classes] = found
            found = every
        if output is None:
            output = np.empty((len(labels.codes), *found.shape[1:]))
        output[~train] = found
    return output


def _single_task_net(model: BaseMultiTaskNet, labels: TaskLabels, seed: int) -> Any:
    """Return an unfitted clone without the parameters for several tasks."""
    net = clone(model)
    changes: dict[str, Any] = {
        "loss": labels.loss,
        "balancing": "sum",
        "task_schedule": "synchronous",
        "task_relation": None,
        "task_weight": None,
        "class_weight": None,  # the weights of the labels include it
        "task_types": labels.task.type,
        "monitor": None,
        "callbacks": None,
        "data_parallel": False,
        "n_stored_samples": 0,
        "warm_start": False,
        "random_state": seed,
        "verbose": 0,
    }
    known = net.get_params(deep=False)
    return net.set_params(**{k: v for k, v in changes.items() if k in known})
