"""Solvers of the linear models. They ask penalties for capabilities, not for types."""

from sklearn_mtl.solvers._axes import Axes, common_axes
from sklearn_mtl.solvers._certificate import Certificate, Problem, Solution, certify
from sklearn_mtl.solvers._choose import solve
from sklearn_mtl.solvers._closed_form import Spectrum, closed_form, has_spectrum
from sklearn_mtl.solvers._empirical_bayes import Evidence, Strengths
from sklearn_mtl.solvers._evidence import (
    evidence_of_classes,
    evidence_of_levels,
    evidence_of_squares,
    evidence_with_common_axes,
)
from sklearn_mtl.solvers._fista import fista
from sklearn_mtl.solvers._kernels import compile_kernels
from sklearn_mtl.solvers._path import alpha_grid, solve_path

__all__ = [
    "Axes",
    "Certificate",
    "Evidence",
    "Problem",
    "Solution",
    "Spectrum",
    "Strengths",
    "alpha_grid",
    "certify",
    "closed_form",
    "common_axes",
    "compile_kernels",
    "evidence_of_classes",
    "evidence_of_levels",
    "evidence_of_squares",
    "evidence_with_common_axes",
    "fista",
    "has_spectrum",
    "solve",
    "solve_path",
]
