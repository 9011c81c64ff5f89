"""Linear models for several tasks, coupled by penalties, with missing labels."""

from sklearn_mtl.linear_model._classifier import MultiTaskLinearClassifier
from sklearn_mtl.linear_model._classifier_cv import MultiTaskLinearClassifierCV
from sklearn_mtl.linear_model._mixed import (
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearMixedEstimatorCV,
)
from sklearn_mtl.linear_model._regressor import MultiTaskLinearRegressor
from sklearn_mtl.linear_model._regressor_cv import MultiTaskLinearRegressorCV
from sklearn_mtl.solvers import compile_kernels

__all__ = [
    "MultiTaskLinearClassifier",
    "MultiTaskLinearClassifierCV",
    "MultiTaskLinearMixedEstimator",
    "MultiTaskLinearMixedEstimatorCV",
    "MultiTaskLinearRegressor",
    "MultiTaskLinearRegressorCV",
    "compile_kernels",
]
