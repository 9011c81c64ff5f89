"""Read y and weights, as all members do."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils.validation import check_consistent_length

from sklearn_mtl.neural_network import Labels
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["SMALL", "read_labels"]

# Rows up to which members do without folds and bootstrap, as the net does, and the
# blend weighs them alike: a whole-number weight is then the same as repeating a row.
SMALL = 100


def read_labels(
    model: Any, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None
) -> tuple[TaskSet, Labels]:
    """Return the tasks of y, and labels with the weight of each cell.

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
