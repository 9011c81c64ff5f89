"""Linear models of several tasks: one objective, any penalty, missing labels."""

from sklearn_mtl.linear_model._classifier import MultiTaskLinearClassifier
from sklearn_mtl.linear_model._regressor import MultiTaskLinearRegressor

__all__ = ["MultiTaskLinearClassifier", "MultiTaskLinearRegressor"]
