"""The private names of scikit-learn whose tables a file is checked for.

Each line says since when the name is where it is. There is no fallback: without the
class its models cannot be checked, and are then refused.
"""

# scikit-learn 0.22 to 1.9
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.neighbors._base import NeighborsBase
from sklearn.tree._classes import BaseDecisionTree
from sklearn.tree._tree import Tree

# scikit-learn 0.21 to 1.9
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import (  # isort: skip
    BaseHistGradientBoosting,
)

__all__ = [
    "BaseDecisionTree",
    "BaseForest",
    "BaseGradientBoosting",
    "BaseHistGradientBoosting",
    "NeighborsBase",
    "Tree",
]
