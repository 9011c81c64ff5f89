"""The accurate mode: net, shared forest and linear models blended per task."""

from sklearn_mtl.ensemble._blend import (
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
)
from sklearn_mtl.ensemble._distill import distill
from sklearn_mtl.ensemble._forest import (
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
    MultiTaskForestRegressor,
)

__all__ = [
    "MultiTaskBlendClassifier",
    "MultiTaskBlendMixedEstimator",
    "MultiTaskBlendRegressor",
    "MultiTaskForestClassifier",
    "MultiTaskForestMixedEstimator",
    "MultiTaskForestRegressor",
    "distill",
]
