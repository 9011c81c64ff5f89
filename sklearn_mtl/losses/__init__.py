"""Losses of the neural networks, computed for all tasks at once with masked labels."""

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._check import check_loss
from sklearn_mtl.losses._circular import CircularLoss
from sklearn_mtl.losses._cross_entropy import CrossEntropy
from sklearn_mtl.losses._focal import FocalLoss
from sklearn_mtl.losses._fused import FusedLoss as FusedLoss
from sklearn_mtl.losses._fused import split_classes as split_classes
from sklearn_mtl.losses._huber import HuberLoss
from sklearn_mtl.losses._layout import OutputLayout as OutputLayout
from sklearn_mtl.losses._registry import LOSSES as LOSSES
from sklearn_mtl.losses._registry import read_losses as read_losses
from sklearn_mtl.losses._relation import OutputRelation as OutputRelation
from sklearn_mtl.losses._relation import comparable_tasks as comparable_tasks
from sklearn_mtl.losses._squared_error import SquaredError

__all__ = [
    "CircularLoss",
    "CrossEntropy",
    "FocalLoss",
    "HuberLoss",
    "SquaredError",
    "TaskLoss",
    "check_loss",
]
