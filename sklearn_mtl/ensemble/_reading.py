"""Reading of targets and weights by forests, blends and their members."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils.validation import check_consistent_length

from sklearn_mtl.neural_network import Labels
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["SMALL", "read_labels"]

# Up to this number of samples, members use neither folds nor bootstrap, and have the
# same weight in a blend. An integer sample weight then has the same effect as repeating
# the sample.
SMALL = 100


def read_labels(
    model: Any, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None
) -> tuple[TaskSet, Labels]:
    """Return the tasks of y, and the labels with their weights.

    Shapes: y (n_samples,) or (n_samples, n_tasks), sample_weight
    (n_samples,) or (n_samples, n_tasks).
    """
    who = type(model).__name__
    task_set, codes = TaskSet.from_y(
        y,
        kind=model._kind,
        who=who,
        task_types=getattr(model, "task_types", None),
        on_empty_task=model.on_empty_task,
        sample_weight=sample_weight,
    )
    check_consistent_length(X, codes)
    class_weight = getattr(model, "class_weight", None)
    return task_set, Labels.read(task_set, codes, sample_weight, class_weight, who)
