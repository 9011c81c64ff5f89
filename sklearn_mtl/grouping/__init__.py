"""Search for groups of tasks that are learned together."""

from sklearn_mtl.grouping._task_group_search import TaskGroupSearchCV

__all__ = ["TaskGroupSearchCV"]
