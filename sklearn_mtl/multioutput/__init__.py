"""Meta-estimators for any estimator: one model per task, and prediction intervals."""

from sklearn_mtl.multioutput._conformal_predictor import ConformalPredictor
from sklearn_mtl.multioutput._independent_tasks import IndependentTasks
from sklearn_mtl.multioutput._templates import for_one_task as for_one_task
from sklearn_mtl.multioutput._templates import for_tasks as for_tasks
from sklearn_mtl.utils._tags import join_tags as join_tags

__all__ = ["ConformalPredictor", "IndependentTasks"]
