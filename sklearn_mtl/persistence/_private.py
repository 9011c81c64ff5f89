"""The private names of scikit-learn and SciPy that files are checked for or made of.

Each line says since when the name is where it is. There is no fallback: without the
class its models cannot be checked, and are then refused.
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
