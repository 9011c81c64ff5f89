"""Tasks: reading of labels and weights, and predictions and views of tasks."""

from sklearn_mtl.tasks._by_task import by_task as by_task
from sklearn_mtl.tasks._by_task import is_by_place as is_by_place
from sklearn_mtl.tasks._by_task import square_by_task as square_by_task
from sklearn_mtl.tasks._circular import distances as distances
from sklearn_mtl.tasks._circular import from_vectors as from_vectors
from sklearn_mtl.tasks._circular import unit_vectors as unit_vectors
from sklearn_mtl.tasks._declare import check_same_classes as check_same_classes
from sklearn_mtl.tasks._declare import check_untrained_tasks as check_untrained_tasks
from sklearn_mtl.tasks._infer import infer_kind as infer_kind
from sklearn_mtl.tasks._infer import is_of_tokens as is_of_tokens
from sklearn_mtl.tasks._infer import parse_task_types as parse_task_types
from sklearn_mtl.tasks._infer import warn_of_unseen as warn_of_unseen
from sklearn_mtl.tasks._kinds import TARGET_KINDS as TARGET_KINDS
from sklearn_mtl.tasks._kinds import check_classes as check_classes
from sklearn_mtl.tasks._kinds import target_of as target_of
from sklearn_mtl.tasks._meta_outputs import MetaOutputsMixin as MetaOutputsMixin
from sklearn_mtl.tasks._names import NamedTasks as NamedTasks
from sklearn_mtl.tasks._names import TaskNames as TaskNames
from sklearn_mtl.tasks._names import find_tasks as find_tasks
from sklearn_mtl.tasks._names import match_tasks as match_tasks
from sklearn_mtl.tasks._names import order_of_columns as order_of_columns
from sklearn_mtl.tasks._names import task_name as task_name
from sklearn_mtl.tasks._outputs import ClassOutputsMixin as ClassOutputsMixin
from sklearn_mtl.tasks._outputs import MultiTaskOutputsMixin as MultiTaskOutputsMixin
from sklearn_mtl.tasks._outputs import likeliest as likeliest
from sklearn_mtl.tasks._read_y import Cells as Cells
from sklearn_mtl.tasks._read_y import TargetColumns as TargetColumns
from sklearn_mtl.tasks._read_y import read_columns as read_columns
from sklearn_mtl.tasks._read_y import sparse_cells as sparse_cells
from sklearn_mtl.tasks._scores import r2_of_points as r2_of_points
from sklearn_mtl.tasks._stack import mask_labels as mask_labels
from sklearn_mtl.tasks._stack import stack_tasks as stack_tasks
from sklearn_mtl.tasks._target_containers import (
    as_pandas_or_array as as_pandas_or_array,
)
from sklearn_mtl.tasks._target_containers import as_targets as as_targets
from sklearn_mtl.tasks._task import Task as Task
from sklearn_mtl.tasks._task import read_tasks as read_tasks
from sklearn_mtl.tasks._task import warn_of_close_types as warn_of_close_types
from sklearn_mtl.tasks._task_set import TaskSet
from sklearn_mtl.tasks._task_types import decide_task_types as decide_task_types
from sklearn_mtl.tasks._task_types import fix_task_types as fix_task_types
from sklearn_mtl.tasks._task_view import model_and_inputs as model_and_inputs
from sklearn_mtl.tasks._task_view import task_view
from sklearn_mtl.tasks._tokens import TokenLabels as TokenLabels
from sklearn_mtl.tasks._tokens import as_cells as as_cells
from sklearn_mtl.tasks._tokens import holds_lists as holds_lists
from sklearn_mtl.tasks._tokens import read_tags as read_tags
from sklearn_mtl.tasks._tokens import stack_codes as stack_codes
from sklearn_mtl.tasks._values import drop_missing as drop_missing
from sklearn_mtl.tasks._values import is_gap as is_gap
from sklearn_mtl.tasks._weights import CLASS_WEIGHT as CLASS_WEIGHT
from sklearn_mtl.tasks._weights import align_weights as align_weights
from sklearn_mtl.tasks._weights import cell_weights as cell_weights
from sklearn_mtl.tasks._weights import check_sample_weight as check_sample_weight
from sklearn_mtl.tasks._weights import class_mass as class_mass
from sklearn_mtl.tasks._weights import is_by_name as is_by_name
from sklearn_mtl.tasks._weights import resolve_class_weight as resolve_class_weight
from sklearn_mtl.tasks._weights import task_weights as task_weights
from sklearn_mtl.tasks._weights import warn_of_small_weights as warn_of_small_weights
from sklearn_mtl.tasks._weights import weightless_labels as weightless_labels
from sklearn_mtl.tasks._weights import weights_at as weights_at

__all__ = ["Task", "TaskSet", "mask_labels", "stack_tasks", "task_view"]
