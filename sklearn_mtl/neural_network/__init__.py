"""Multi-task nets: a skorch net with a shared trunk, and the estimators around it."""

from sklearn_mtl.neural_network._classifier import MultiTaskClassifier
from sklearn_mtl.neural_network._mixed import MultiTaskMixedEstimator
from sklearn_mtl.neural_network._regressor import MultiTaskRegressor

__all__ = ["MultiTaskClassifier", "MultiTaskMixedEstimator", "MultiTaskRegressor"]
