"""Solvers of the linear models. They ask penalties for capabilities, not for types."""

from sklearn_mtl.solvers._certificate import Certificate, Problem, Solution, certify
from sklearn_mtl.solvers._choose import solve
from sklearn_mtl.solvers._closed_form import Spectrum, closed_form
from sklearn_mtl.solvers._fista import fista

__all__ = [
    "Certificate",
    "Problem",
    "Solution",
    "Spectrum",
    "certify",
    "closed_form",
    "fista",
    "solve",
]
