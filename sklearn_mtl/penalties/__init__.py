"""Penalties of the linear models, with proximal operators and convex conjugates."""

from sklearn_mtl.penalties._base import Penalty
from sklearn_mtl.penalties._base import TaskCovarianceForm as TaskCovarianceForm
from sklearn_mtl.penalties._base import frobenius as frobenius
from sklearn_mtl.penalties._check import check_penalty
from sklearn_mtl.penalties._columns import TaskColumns as TaskColumns
from sklearn_mtl.penalties._compose import Decomposition, Sum
from sklearn_mtl.penalties._graph import TaskGraph
from sklearn_mtl.penalties._l1 import L1
from sklearn_mtl.penalties._l21 import L21
from sklearn_mtl.penalties._ridge import Ridge
from sklearn_mtl.penalties._scaled import Scaled as Scaled
from sklearn_mtl.penalties._shared import Shared
from sklearn_mtl.penalties._task_l21 import TaskL21
from sklearn_mtl.penalties._trace import TaskCovariance, TraceNorm

__all__ = [
    "L1",
    "L21",
    "Decomposition",
    "Penalty",
    "Ridge",
    "Shared",
    "Sum",
    "TaskCovariance",
    "TaskGraph",
    "TaskL21",
    "TraceNorm",
    "check_penalty",
]
