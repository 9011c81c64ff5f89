"""Embeddings of items: the shared representation, a view of a task, or a mix."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_array

from sklearn_mtl.neighbors._distances import unit_rows
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TaskKey

__all__ = ["Mix", "task_view"]


@dataclass(frozen=True)
class Mix:
    """Weighted views of a fitted transformer.

    Attributes
    ----------
    weights : dict
        Weight of the view of each task. The key None is the shared representation.
    view : str
        Kind of view, as in `transform_task`.
    metric : {"cosine", "euclidean"}
        Distance metric of the search.
    """

    weights: dict[Any, float]
    view: str
    metric: str

    @classmethod
    def read(
        cls, task: TaskKey | None, task_mix: Any, view: str, metric: str, who: str
    ) -> Mix:
        """Create a mix from the parameters of a retriever."""
        if task_mix is None:
            return cls({task: 1.0}, view, metric)
        if task is not None:
            raise ValueError(
                f"{who}: task={task!r} and task_mix were both set; at least one of "
                "them must be None."
            )
        is_number = [isinstance(weight, Real) for weight in task_mix.values()]
        weights = dict(task_mix) if all(is_number) else {}
        if not np.isfinite(list(weights.values())).all() or not any(weights.values()):
            raise ValueError(
                f"{who}: task_mix must have finite weights, not all of them 0; got "
                f"{dict(task_mix)}."
            )
        if metric == "euclidean" and min(weights.values()) < 0:
            raise ValueError(
                f"{who}: task_mix={dict(task_mix)} has negative weights, which require "
                "metric='cosine'."
            )
        used = {name: float(weight) for name, weight in weights.items() if weight}
        return cls(used, view, metric)

    def rows(
        self, estimator: Estimator, X: FeaturesLike, who: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return embeddings whose similarity is the weighted similarity of the views.

        For "cosine", let w_t be the weights, W = sum |w_t|, and u_t the views scaled to
        norm 1. The embedding of an item concatenates the views sqrt(|w_t| / W) u_t, so
        it has norm 1. The embedding of a query also has the sign of w_t. Their inner
        product is the sum of w_t cos_t / W. For "euclidean", views are not scaled to
        norm 1, and the squared distances of the views are weighted.

        Shapes: -> rows (n_rows, n_columns), signs (n_columns,).
        """
        total = sum(abs(weight) for weight in self.weights.values())
        parts, signs = [], []
        for task, weight in self.weights.items():
            part = _as_rows(task_view(estimator, X, task, self.view, who), who)
            if self.metric == "cosine":
                part = unit_rows(part)
            if len(self.weights) > 1:
                # The square root, because inner products contain the factor twice.
                part = part * part.dtype.type(np.sqrt(abs(weight) / total))
            parts.append(part)
            signs.append(np.full(part.shape[1], np.sign(weight), np.float32))
        joined = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        # the norm is below 1 if a view consists of zeros
        rows = unit_rows(joined) if self.metric == "cosine" else joined
        return rows, np.concatenate(signs)


def task_view(
    estimator: Any, X: FeaturesLike, task: TaskKey | None, kind: str, who: str
) -> Any:
    """Return the shared representation, or the view of a task."""
    if task is None:
        return estimator.transform(X)
    while isinstance(estimator, FrozenEstimator | Pipeline):
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
            continue
        if len(estimator) > 1:
            X = estimator[:-1].transform(X)
        estimator = estimator[-1]
    if not hasattr(estimator, "transform_task"):
        raise TypeError(
            f"{who}: task={task!r} requires an estimator with transform_task, such as "
            "MultiTaskClassifier, or a pipeline that ends in one; "
            f"{type(estimator).__name__} has none."
        )
    return estimator.transform_task(X, task, kind=kind)


def _as_rows(found: Any, who: str) -> np.ndarray:
    if sparse.issparse(found):
        raise TypeError(
            f"{who}: the transformer returns a sparse matrix of {found.shape[1]} "
            "columns; the search requires a dense array. Append a TruncatedSVD."
        )
    rows: np.ndarray = check_array(
        found,
        dtype=[np.float64, np.float32],
        order="C",
        input_name="the representation",
    )
    return rows
