"""Look into multi-task models: which tasks help which, and what each one uses."""

from sklearn_mtl.inspection._affinity import TaskAffinity, task_affinity

__all__ = ["TaskAffinity", "task_affinity"]
