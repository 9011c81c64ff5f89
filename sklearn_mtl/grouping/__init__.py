"""Which tasks to learn together."""

from sklearn_mtl.grouping._task_group_search import TaskGroupSearchCV

__all__ = ["TaskGroupSearchCV"]
