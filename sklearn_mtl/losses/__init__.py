"""Fused, masked losses of all tasks at once."""

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._check import check_loss
from sklearn_mtl.losses._circular import CircularLoss
from sklearn_mtl.losses._cross_entropy import CrossEntropy
from sklearn_mtl.losses._focal import FocalLoss
from sklearn_mtl.losses._fused import FusedLoss, split_classes
from sklearn_mtl.losses._huber import HuberLoss
from sklearn_mtl.losses._layout import OutputLayout
from sklearn_mtl.losses._registry import LOSSES, read_losses
from sklearn_mtl.losses._relation import OutputRelation, comparable_tasks
from sklearn_mtl.losses._squared_error import SquaredError

__all__ = [
    "LOSSES",
    "CircularLoss",
    "CrossEntropy",
    "FocalLoss",
    "FusedLoss",
    "HuberLoss",
    "OutputLayout",
    "OutputRelation",
    "SquaredError",
    "TaskLoss",
    "check_loss",
    "comparable_tasks",
    "read_losses",
    "split_classes",
]
