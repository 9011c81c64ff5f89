"""Scores task by task, over observed labels only, and scores of rankings."""

from sklearn_mtl.metrics._average_precision import average_precision_at_k, map_at_r
from sklearn_mtl.metrics._box import box_iou, mean_iou
from sklearn_mtl.metrics._circular import circular_error, circular_score
from sklearn_mtl.metrics._delta_m import delta_m
from sklearn_mtl.metrics._ndcg import ndcg_at_k
from sklearn_mtl.metrics._per_task import mean_task_score, per_task_score
from sklearn_mtl.metrics._retrieval import (
    hit_rate_at_k,
    precision_at_k,
    r_precision,
    recall_at_k,
)
from sklearn_mtl.metrics._retrieval_report import retrieval_report

__all__ = [
    "average_precision_at_k",
    "box_iou",
    "circular_error",
    "circular_score",
    "delta_m",
    "hit_rate_at_k",
    "map_at_r",
    "mean_iou",
    "mean_task_score",
    "ndcg_at_k",
    "per_task_score",
    "precision_at_k",
    "r_precision",
    "recall_at_k",
    "retrieval_report",
]
