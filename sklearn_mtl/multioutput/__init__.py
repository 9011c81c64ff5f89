"""Any scikit-learn estimator, once for each task."""

from sklearn_mtl.multioutput._independent_tasks import IndependentTasks

__all__ = ["IndependentTasks"]
