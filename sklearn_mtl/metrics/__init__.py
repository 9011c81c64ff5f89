"""Scores task by task, over observed labels only."""

from sklearn_mtl.metrics._delta_m import delta_m
from sklearn_mtl.metrics._per_task import mean_task_score, per_task_score

__all__ = ["delta_m", "mean_task_score", "per_task_score"]
