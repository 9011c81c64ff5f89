"""The accurate mode: net, shared forest and linear models blended per task."""

from sklearn_mtl.ensemble._blend_classifier import MultiTaskBlendClassifier
from sklearn_mtl.ensemble._blend_mixed import MultiTaskBlendMixedEstimator
from sklearn_mtl.ensemble._blend_regressor import MultiTaskBlendRegressor
from sklearn_mtl.ensemble._distill import distill
from sklearn_mtl.ensemble._forest_classifier import MultiTaskForestClassifier
from sklearn_mtl.ensemble._forest_mixed import MultiTaskForestMixedEstimator
from sklearn_mtl.ensemble._forest_regressor import MultiTaskForestRegressor

__all__ = [
    "MultiTaskBlendClassifier",
    "MultiTaskBlendMixedEstimator",
    "MultiTaskBlendRegressor",
    "MultiTaskForestClassifier",
    "MultiTaskForestMixedEstimator",
    "MultiTaskForestRegressor",
    "distill",
]
