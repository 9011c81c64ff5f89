"""Solvers of the linear models, chosen by the capabilities of penalty and data."""

from sklearn_mtl.solvers._certificate import Certificate as Certificate
from sklearn_mtl.solvers._certificate import Problem as Problem
from sklearn_mtl.solvers._certificate import Solution as Solution
from sklearn_mtl.solvers._certificate import certify as certify
from sklearn_mtl.solvers._closed_form import Spectrum as Spectrum
from sklearn_mtl.solvers._fista import fista as fista
from sklearn_mtl.solvers._path import alpha_grid as alpha_grid
from sklearn_mtl.solvers._path import solve_path as solve_path
from sklearn_mtl.solvers._registry import solve as solve
from sklearn_mtl.solvers.evidence._axes import Axes as Axes
from sklearn_mtl.solvers.evidence._axes import common_axes as common_axes
from sklearn_mtl.solvers.evidence._empirical_bayes import Evidence as Evidence
from sklearn_mtl.solvers.evidence._empirical_bayes import Strengths as Strengths
from sklearn_mtl.solvers.evidence._evidence import (
    evidence_of_classes as evidence_of_classes,
)
from sklearn_mtl.solvers.evidence._evidence import (
    evidence_of_levels as evidence_of_levels,
)
from sklearn_mtl.solvers.evidence._evidence import (
    evidence_of_squares as evidence_of_squares,
)
from sklearn_mtl.solvers.evidence._evidence import (
    evidence_with_common_axes as evidence_with_common_axes,
)
from sklearn_mtl.solvers.evidence._information import (
    class_curvature as class_curvature,
)
from sklearn_mtl.solvers.evidence._information import (
    information_of_classes as information_of_classes,
)
from sklearn_mtl.solvers.evidence._posterior import Prior as Prior
from sklearn_mtl.solvers.evidence._posterior import Variances as Variances
from sklearn_mtl.solvers.evidence._posterior import (
    variances_along_axes as variances_along_axes,
)
from sklearn_mtl.solvers.evidence._posterior import (
    variances_along_own_axes as variances_along_own_axes,
)
from sklearn_mtl.solvers.evidence._posterior import (
    variances_of_blocks as variances_of_blocks,
)
from sklearn_mtl.solvers.evidence._posterior import (
    variances_with_levels as variances_with_levels,
)
from sklearn_mtl.solvers.feature_groups._kernels import (
    compile_kernels as compile_kernels,
)

__all__: list[str] = []
