"""Splitters, scorers and cross-validated predictions for tasks with missing labels."""

from sklearn_mtl.model_selection._calibration import LEAST as LEAST
from sklearn_mtl.model_selection._calibration import Calibrator as Calibrator
from sklearn_mtl.model_selection._calibration import IsotonicCurve as IsotonicCurve
from sklearn_mtl.model_selection._calibration import SigmoidCurve as SigmoidCurve
from sklearn_mtl.model_selection._calibration import Temperature as Temperature
from sklearn_mtl.model_selection._cross_val_predict import cross_val_predict
from sklearn_mtl.model_selection._cross_validate import cross_validate
from sklearn_mtl.model_selection._fold_fits import FoldFits as FoldFits
from sklearn_mtl.model_selection._kfold import MultiTaskKFold
from sklearn_mtl.model_selection._mean_rank import best_mean_rank
from sklearn_mtl.model_selection._parts import TRAIN as TRAIN
from sklearn_mtl.model_selection._parts import draw_parts as draw_parts
from sklearn_mtl.model_selection._parts import kfold_trains as kfold_trains
from sklearn_mtl.model_selection._parts import make_folds as make_folds
from sklearn_mtl.model_selection._responses import classes_of_tasks as classes_of_tasks
from sklearn_mtl.model_selection._responses import periods_of_tasks as periods_of_tasks
from sklearn_mtl.model_selection._responses import (
    predicted_columns as predicted_columns,
)
from sklearn_mtl.model_selection._responses import proba_of_tasks as proba_of_tasks
from sklearn_mtl.model_selection._scorers import per_task_scorers, task_scorer
from sklearn_mtl.model_selection._shuffle_split import MultiTaskStratifiedShuffleSplit
from sklearn_mtl.model_selection._stratified_kfold import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
)
from sklearn_mtl.model_selection._stratified_kfold import (
    stratified_folds as stratified_folds,
)
from sklearn_mtl.model_selection._task_decisions_cv import TaskDecisionsCV
from sklearn_mtl.model_selection._train_test_split import train_test_split
from sklearn_mtl.model_selection._weighted import split_weighted as split_weighted

__all__ = [
    "MultiTaskKFold",
    "MultiTaskStratifiedGroupKFold",
    "MultiTaskStratifiedKFold",
    "MultiTaskStratifiedShuffleSplit",
    "TaskDecisionsCV",
    "best_mean_rank",
    "cross_val_predict",
    "cross_validate",
    "per_task_scorers",
    "task_scorer",
    "train_test_split",
]
