"""Metrics of each task over its observed labels, and metrics of rankings."""

from sklearn_mtl.metrics._average import average_scores as average_scores
from sklearn_mtl.metrics._average import check_average as check_average
from sklearn_mtl.metrics._average_precision import average_precision_at_k, map_at_r
from sklearn_mtl.metrics._box import box_iou, mean_iou
from sklearn_mtl.metrics._choice import joined_scores as joined_scores
from sklearn_mtl.metrics._choice import metrics_of_tasks as metrics_of_tasks
from sklearn_mtl.metrics._choice import named_metrics as named_metrics
from sklearn_mtl.metrics._choice import with_levels as with_levels
from sklearn_mtl.metrics._circular import circular_error, circular_score
from sklearn_mtl.metrics._delta_m import delta_m
from sklearn_mtl.metrics._engine import TaskGiven as TaskGiven
from sklearn_mtl.metrics._engine import score_tasks as score_tasks
from sklearn_mtl.metrics._labels import check_labels as check_labels
from sklearn_mtl.metrics._labels import kinds_of_tasks as kinds_of_tasks
from sklearn_mtl.metrics._labels import read_predicted as read_predicted
from sklearn_mtl.metrics._ndcg import ndcg_at_k
from sklearn_mtl.metrics._per_task import mean_task_score, per_task_score
from sklearn_mtl.metrics._predictions import read_predictions as read_predictions
from sklearn_mtl.metrics._read_truth import read_truth as read_truth
from sklearn_mtl.metrics._registry import Metric as Metric
from sklearn_mtl.metrics._registry import choice_of_task as choice_of_task
from sklearn_mtl.metrics._registry import find_metric as find_metric
from sklearn_mtl.metrics._registry import is_by_kind as is_by_kind
from sklearn_mtl.metrics._registry import make_metric
from sklearn_mtl.metrics._registry import metric_of_task as metric_of_task
from sklearn_mtl.metrics._registry import read_metric as read_metric
from sklearn_mtl.metrics._relevance import read_labels as read_labels
from sklearn_mtl.metrics._retrieval import (
    hit_rate_at_k,
    precision_at_k,
    r_precision,
    recall_at_k,
)
from sklearn_mtl.metrics._retrieval_report import retrieval_depth as retrieval_depth
from sklearn_mtl.metrics._retrieval_report import retrieval_report
from sklearn_mtl.metrics._truth import TaskTruth as TaskTruth
from sklearn_mtl.metrics._units import MEAN_OF_UNITS as MEAN_OF_UNITS
from sklearn_mtl.metrics._units import label_spreads as label_spreads
from sklearn_mtl.metrics._units import mean_over_tasks as mean_over_tasks
from sklearn_mtl.metrics._units import score_units as score_units
from sklearn_mtl.metrics._units import tasks_in_means as tasks_in_means
from sklearn_mtl.metrics._units import warn_of_units as warn_of_units

__all__ = [
    "average_precision_at_k",
    "box_iou",
    "circular_error",
    "circular_score",
    "delta_m",
    "hit_rate_at_k",
    "make_metric",
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
