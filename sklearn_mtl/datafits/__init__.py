"""Data terms of the linear models over observed labels. No estimator takes one.

The linear models choose between squared error and log-loss; see `Datafit` for what
`solvers.solve` asks of another data term.
"""

from sklearn_mtl.datafits._base import Datafit, Evaluation
from sklearn_mtl.datafits._build import (
    make_moments,
    make_own_quadratic,
    make_quadratic,
    make_shift,
    prefers_gram,
    weights_are_shared,
)
from sklearn_mtl.datafits._cross_entropy import LogLoss
from sklearn_mtl.datafits._moments import Moments, Shift
from sklearn_mtl.datafits._operators import CenteredRows
from sklearn_mtl.datafits._pooling import Pooling
from sklearn_mtl.datafits._quadratic import Centre, GramQuadratic, RowQuadratic

__all__ = [
    "CenteredRows",
    "Centre",
    "Datafit",
    "Evaluation",
    "GramQuadratic",
    "LogLoss",
    "Moments",
    "Pooling",
    "RowQuadratic",
    "Shift",
    "make_moments",
    "make_own_quadratic",
    "make_quadratic",
    "make_shift",
    "prefers_gram",
    "weights_are_shared",
]
