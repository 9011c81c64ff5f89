"""Data terms of the linear models: squared error and log-loss over observed labels.

The linear estimators choose their data term and accept no other one. `Datafit` lists
what `solvers.solve` needs from a data term.
"""

from sklearn_mtl.datafits._base import Datafit as Datafit
from sklearn_mtl.datafits._base import Evaluation as Evaluation
from sklearn_mtl.datafits._base import largest_eigenvalue as largest_eigenvalue
from sklearn_mtl.datafits._build import make_moments as make_moments
from sklearn_mtl.datafits._build import make_quadratic as make_quadratic
from sklearn_mtl.datafits._build import (
    make_separate_quadratic as make_separate_quadratic,
)
from sklearn_mtl.datafits._build import make_shift as make_shift
from sklearn_mtl.datafits._build import prefers_gram as prefers_gram
from sklearn_mtl.datafits._build import weights_are_shared as weights_are_shared
from sklearn_mtl.datafits._cross_entropy import LogLoss as LogLoss
from sklearn_mtl.datafits._moments import Moments as Moments
from sklearn_mtl.datafits._moments import Shift as Shift
from sklearn_mtl.datafits._operators import SharedSamples as SharedSamples
from sklearn_mtl.datafits._pooling import Pooling as Pooling
from sklearn_mtl.datafits._quadratic import Centre as Centre
from sklearn_mtl.datafits._quadratic import GramQuadratic as GramQuadratic
from sklearn_mtl.datafits._quadratic import Quadratic as Quadratic
from sklearn_mtl.datafits._quadratic import SampleQuadratic as SampleQuadratic
from sklearn_mtl.datafits._systems import RANK as RANK

__all__: list[str] = []
