"""Look into multi-task models: which tasks help which, and what each one uses."""

from sklearn_mtl.inspection._affinity import TaskAffinity, task_affinity
from sklearn_mtl.inspection._importance import (
    TaskImportance,
    task_permutation_importance,
)
from sklearn_mtl.inspection._plot._affinity import TaskAffinityDisplay
from sklearn_mtl.inspection._plot._coefficients import TaskCoefficientDisplay
from sklearn_mtl.inspection._plot._conflict import GradientConflictDisplay
from sklearn_mtl.inspection._plot._confusion import TaskConfusionDisplay
from sklearn_mtl.inspection._plot._importance import TaskImportanceDisplay
from sklearn_mtl.inspection._plot._learning_curve import MultiTaskLearningCurveDisplay
from sklearn_mtl.inspection._plot._weights import TaskWeightDisplay

__all__ = [
    "GradientConflictDisplay",
    "MultiTaskLearningCurveDisplay",
    "TaskAffinity",
    "TaskAffinityDisplay",
    "TaskCoefficientDisplay",
    "TaskConfusionDisplay",
    "TaskImportance",
    "TaskImportanceDisplay",
    "TaskWeightDisplay",
    "task_affinity",
    "task_permutation_importance",
]
