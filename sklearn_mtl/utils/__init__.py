"""Tools that the whole package shares, and two for bringing data into shape."""

from sklearn_mtl.utils._stack import mask_labels, stack_tasks
from sklearn_mtl.utils._tasks import Task, TaskSet

__all__ = ["Task", "TaskSet", "mask_labels", "stack_tasks"]
