"""Any scikit-learn estimator, once for each task."""

from sklearn_mtl.multioutput._independent_tasks import IndependentTasks
from sklearn_mtl.multioutput._tags import join_tags as join_tags
from sklearn_mtl.multioutput._templates import for_one_task as for_one_task
from sklearn_mtl.multioutput._templates import for_tasks as for_tasks

__all__ = ["IndependentTasks"]
