"""Forests with shared trees, and blends of nets, forests, linear and boosted models."""

from sklearn_mtl.ensemble._adapter import SharedOutputs as SharedOutputs
from sklearn_mtl.ensemble._base_forest import LARGEST as LARGEST
from sklearn_mtl.ensemble._blend_classifier import MultiTaskBlendClassifier
from sklearn_mtl.ensemble._blend_mixed import MultiTaskBlendMixedEstimator
from sklearn_mtl.ensemble._blend_regressor import MultiTaskBlendRegressor
from sklearn_mtl.ensemble._boosted_task import BoostedTask as BoostedTask
from sklearn_mtl.ensemble._boosting import BoostingMember as BoostingMember
from sklearn_mtl.ensemble._distill import distill
from sklearn_mtl.ensemble._encoding import TargetEncoding as TargetEncoding
from sklearn_mtl.ensemble._forest_classifier import MultiTaskForestClassifier
from sklearn_mtl.ensemble._forest_mixed import MultiTaskForestMixedEstimator
from sklearn_mtl.ensemble._forest_regressor import MultiTaskForestRegressor
from sklearn_mtl.ensemble._linear import RidgeMember as RidgeMember
from sklearn_mtl.ensemble._scores import SMALLEST as SMALLEST
from sklearn_mtl.ensemble._trees import INVISIBLE as INVISIBLE
from sklearn_mtl.ensemble._trees import PRIOR_SHARE as PRIOR_SHARE
from sklearn_mtl.ensemble._trees import UNIT as UNIT

__all__ = [
    "MultiTaskBlendClassifier",
    "MultiTaskBlendMixedEstimator",
    "MultiTaskBlendRegressor",
    "MultiTaskForestClassifier",
    "MultiTaskForestMixedEstimator",
    "MultiTaskForestRegressor",
    "distill",
]
