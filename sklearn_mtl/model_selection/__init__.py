"""Splitters, scorers and cross-validated predictions for tasks with missing labels."""

from sklearn_mtl.model_selection._cross_val_predict import cross_val_predict
from sklearn_mtl.model_selection._cross_validate import cross_validate
from sklearn_mtl.model_selection._kfold import MultiTaskKFold
from sklearn_mtl.model_selection._mean_rank import best_mean_rank
from sklearn_mtl.model_selection._scorers import per_task_scorers, task_scorer
from sklearn_mtl.model_selection._shuffle_split import MultiTaskStratifiedShuffleSplit
from sklearn_mtl.model_selection._stratified_kfold import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
)
from sklearn_mtl.model_selection._train_test_split import train_test_split

__all__ = [
    "MultiTaskKFold",
    "MultiTaskStratifiedGroupKFold",
    "MultiTaskStratifiedKFold",
    "MultiTaskStratifiedShuffleSplit",
    "best_mean_rank",
    "cross_val_predict",
    "cross_validate",
    "per_task_scorers",
    "task_scorer",
    "train_test_split",
]
