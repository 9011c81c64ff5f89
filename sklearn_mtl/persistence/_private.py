"""Private classes of scikit-learn and SciPy that saved models contain.

The comments give the versions in which a class is in this module. There is no fallback:
models of a class that cannot be imported cannot be checked, and are rejected.
"""

# scikit-learn 0.22 to 1.9
from sklearn._loss.loss import HalfTweedieLoss, HalfTweedieLossIdentity
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.impute._iterative import _ImputerTriplet as ImputerTriplet
from sklearn.neighbors._base import NeighborsBase
from sklearn.svm._base import BaseLibSVM
from sklearn.tree._classes import BaseDecisionTree
from sklearn.tree._tree import Tree

# SciPy 1.9 to 1.17
from scipy.stats._distn_infrastructure import (  # isort: skip
    rv_continuous_frozen as FrozenContinuous,
    rv_discrete_frozen as FrozenDiscrete,
    rv_frozen as Frozen,
)

# scikit-learn 0.21 to 1.9
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import (  # isort: skip
    BaseHistGradientBoosting,
)

__all__ = [
    "PREDICTOR_RECORD_DTYPE",
    "BaseDecisionTree",
    "BaseForest",
    "BaseGradientBoosting",
    "BaseHistGradientBoosting",
    "BaseLibSVM",
    "Frozen",
    "FrozenContinuous",
    "FrozenDiscrete",
    "HalfTweedieLoss",
    "HalfTweedieLossIdentity",
    "ImputerTriplet",
    "NeighborsBase",
    "Tree",
    "TreePredictor",
]
