"""Names of the balancing methods."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.balancing._base import (
    Balancing,
    GradientAggregator,
    LossWeighting,
)
from sklearn_mtl.balancing.aggregators._aligned_mtl import AlignedMTL
from sklearn_mtl.balancing.aggregators._cagrad import CAGrad
from sklearn_mtl.balancing.aggregators._fairgrad import FairGrad
from sklearn_mtl.balancing.aggregators._gradnorm import GradNorm
from sklearn_mtl.balancing.aggregators._imtl_g import IMTLG
from sklearn_mtl.balancing.aggregators._mgda import MGDA
from sklearn_mtl.balancing.aggregators._nash_mtl import NashMTL
from sklearn_mtl.balancing.aggregators._pcgrad import PCGrad
from sklearn_mtl.balancing.aggregators._torchjd import adapt, comes_from_torchjd
from sklearn_mtl.balancing.aggregators._upgrad import UPGrad
from sklearn_mtl.balancing.weightings._dwa import DWA
from sklearn_mtl.balancing.weightings._famo import FAMO
from sklearn_mtl.balancing.weightings._fixed import Fixed
from sklearn_mtl.balancing.weightings._geometric_mean import GeometricMean
from sklearn_mtl.balancing.weightings._imtl_l import IMTLL
from sklearn_mtl.balancing.weightings._mean import Mean
from sklearn_mtl.balancing.weightings._random import Random
from sklearn_mtl.balancing.weightings._stch import STCH
from sklearn_mtl.balancing.weightings._sum import SumOfLosses
from sklearn_mtl.balancing.weightings._uncertainty import Uncertainty
from sklearn_mtl.utils._specs import read_spec

__all__ = ["METHODS", "read_balancing"]

METHODS: dict[str, type[Balancing[Any]]] = {
    "aligned_mtl": AlignedMTL,
    "cagrad": CAGrad,
    "dwa": DWA,
    "fairgrad": FairGrad,
    "famo": FAMO,
    "fixed": Fixed,
    "geometric_mean": GeometricMean,
    "gradnorm": GradNorm,
    "imtl_g": IMTLG,
    "imtl_l": IMTLL,
    "mean": Mean,
    "mgda": MGDA,
    "nash_mtl": NashMTL,
    "pcgrad": PCGrad,
    "random": Random,
    "stch": STCH,
    "sum": SumOfLosses,
    "uncertainty": Uncertainty,
    "upgrad": UPGrad,
}


def read_balancing(balancing: Any, who: str) -> Balancing[Any]:
    """Return the method for a name, a method or an object of torchjd."""
    if comes_from_torchjd(balancing) and not isinstance(balancing, type):
        return adapt(balancing, who)
    example = "UPGrad(), or a Weighting, Aggregator or Scalarizer of torchjd"
    method: Balancing[Any] = read_spec(
        balancing, METHODS, Balancing, argument="balancing", example=example, who=who
    )
    if not isinstance(method, LossWeighting | GradientAggregator):
        raise TypeError(
            f"{who}: balancing must be a subclass of LossWeighting (weighs losses) or "
            f"of GradientAggregator (weighs gradients); got {method!r}."
        )
    return method
