"""What rows are searched by: the shared representation, a task's view, or a mix."""

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
        Weight of each view by task; the task None is the shared representation.
    view : str
        Kind of a task's view, as `transform_task` knows them.
    metric : {"cosine", "euclidean"}
        Of the search.
    """

    weights: dict[Any, float]
    view: str
    metric: str

    @classmethod
    def read(
        cls, task: TaskKey | None, task_mix: Any, view: str, metric: str, who: str
    ) -> Mix:
        """Read the parameters of a retriever."""
        if task_mix is None:
            return cls({task: 1.0}, view, metric)
        if task is not None:
            raise ValueError(
                f"{who}: task={task!r} and task_mix were both given; one of them says "
                "what to search by."
            )
        is_number = [isinstance(weight, Real) for weight in task_mix.values()]
        weights = dict(task_mix) if all(is_number) else {}
        if not np.isfinite(list(weights.values())).all() or not any(weights.values()):
            raise ValueError(
                f"{who}: task_mix needs finite weights, not all of them 0; found "
                f"{dict(task_mix)}."
            )
        if metric == "euclidean" and min(weights.values()) < 0:
            raise ValueError(
                f"{who}: task_mix={dict(task_mix)} has negative weights, which only "
                "metric='cosine' knows: far away is not bounded."
            )
        used = {name: float(weight) for name, weight in weights.items() if weight}
        return cls(used, view, metric)

    def rows(
        self, estimator: Estimator, X: FeaturesLike, who: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return rows whose nearness is the weighted nearness of the views.

        With weights w of sum W = sum |w_t| and unit-norm views u_t, the row of an item
        is the views sqrt(|w_t| / W) u_t side by side, and so of norm 1; that of a query
        has the sign of w_t too. Their product is sum of w_t cos_t / W. For "euclidean"
        views keep their norms, and squared distances are weighted.

        Shapes: -> rows (n_rows, n_columns), signs (n_columns,).
        """
        total = sum(abs(weight) for weight in self.weights.values())
        parts, signs = [], []
        for task, weight in self.weights.items():
            part = _as_rows(task_view(estimator, X, task, self.view, who), who)
            if self.metric == "cosine":
                part = unit_rows(part)
            if len(self.weights) > 1:
                # The root, because products of two rows carry the factor twice.
                part = part * part.dtype.type(np.sqrt(abs(weight) / total))
            parts.append(part)
            signs.append(np.full(part.shape[1], np.sign(weight), np.float32))
        joined = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        # a view of zeros left less than a norm of 1
        rows = unit_rows(joined) if self.metric == "cosine" else joined
        return rows, np.concatenate(signs)


def task_view(
    estimator: Any, X: FeaturesLike, task: TaskKey | None, kind: str, who: str
) -> Any:
    """Return the shared representation, or one task's view of it."""
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
            f"{who}: searching by task {task!r} needs an estimator, or a last step of "
            "a pipeline, with transform_task, such as MultiTaskClassifier; "
            f"{type(estimator).__name__} has none."
        )
    return estimator.transform_task(X, task, kind=kind)


def _as_rows(found: Any, who: str) -> np.ndarray:
    if sparse.issparse(found):
        raise TypeError(
            f"{who}: the transformer returns a sparse matrix of {found.shape[1]} "
            "columns; search needs dense rows. Put a TruncatedSVD behind it."
        )
    rows: np.ndarray = check_array(
        found,
        dtype=[np.float64, np.float32],
        order="C",
        input_name="the representation",
    )
    return rows
