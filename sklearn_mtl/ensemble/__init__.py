"""The accurate mode: net, shared forest and linear models blended per task."""

from sklearn_mtl.ensemble._blend import (
    MultiTaskBlend,
    MultiTaskBlendClassifier,
    MultiTaskBlendRegressor,
)
from sklearn_mtl.ensemble._distill import distill
from sklearn_mtl.ensemble._forest import (
    MultiTaskForest,
    MultiTaskForestClassifier,
    MultiTaskForestRegressor,
)

__all__ = [
    "MultiTaskBlend",
    "MultiTaskBlendClassifier",
    "MultiTaskBlendRegressor",
    "MultiTaskForest",
    "MultiTaskForestClassifier",
    "MultiTaskForestRegressor",
    "distill",
]
