"""Inspection of multi-task models: task affinity, feature importance and plots."""

from sklearn_mtl.inspection._affinity import TaskAffinity, task_affinity
from sklearn_mtl.inspection._importance import (
    TaskImportance,
    task_permutation_importance,
)
from sklearn_mtl.inspection._measures import AFFINITY_METHODS as AFFINITY_METHODS
from sklearn_mtl.inspection._measures import affinity_of_data as affinity_of_data
from sklearn_mtl.inspection._plot._affinity import TaskAffinityDisplay
from sklearn_mtl.inspection._plot._coefficients import TaskCoefficientDisplay
from sklearn_mtl.inspection._plot._conflict import GradientConflictDisplay
from sklearn_mtl.inspection._plot._confusion import TaskConfusionDisplay
from sklearn_mtl.inspection._plot._coverage import CoverageDisplay
from sklearn_mtl.inspection._plot._importance import TaskImportanceDisplay
from sklearn_mtl.inspection._plot._learning_curve import MultiTaskLearningCurveDisplay
from sklearn_mtl.inspection._plot._weights import TaskWeightDisplay
from sklearn_mtl.inspection._task_data import TaskData as TaskData
from sklearn_mtl.inspection._task_data import read_data as read_data
from sklearn_mtl.inspection._task_data import with_validation as with_validation
from sklearn_mtl.inspection._task_sets import TaskSetScores as TaskSetScores
from sklearn_mtl.inspection._task_sets import fit_tasks as fit_tasks
from sklearn_mtl.inspection._task_sets import make_splits as make_splits

__all__ = [
    "CoverageDisplay",
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
