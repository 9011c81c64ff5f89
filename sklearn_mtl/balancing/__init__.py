"""Methods for balancing tasks, and schedules of the tasks trained in a step.

A balancing method computes one weight per task in each step. Weightings use only the
losses, aggregators use the inner products of the task gradients.
"""

from sklearn_mtl.balancing._balancer import GradientBalancer as GradientBalancer
from sklearn_mtl.balancing._balancer import LossBalancer as LossBalancer
from sklearn_mtl.balancing._base import (
    Balancing,
    GradientAggregator,
    LossWeighting,
)
from sklearn_mtl.balancing._base import as_array as as_array
from sklearn_mtl.balancing._check import check_balancing
from sklearn_mtl.balancing._gramian import feature_gramian as feature_gramian
from sklearn_mtl.balancing._gramian import lowest_overlap as lowest_overlap
from sklearn_mtl.balancing._registry import METHODS as METHODS
from sklearn_mtl.balancing._registry import read_balancing as read_balancing
from sklearn_mtl.balancing._steps import StepGramian, StepLosses
from sklearn_mtl.balancing.aggregators._aligned_mtl import AlignedMTL
from sklearn_mtl.balancing.aggregators._cagrad import CAGrad
from sklearn_mtl.balancing.aggregators._fairgrad import FairGrad
from sklearn_mtl.balancing.aggregators._gradnorm import GradNorm
from sklearn_mtl.balancing.aggregators._imtl_g import IMTLG
from sklearn_mtl.balancing.aggregators._mgda import MGDA
from sklearn_mtl.balancing.aggregators._nash_mtl import NashMTL
from sklearn_mtl.balancing.aggregators._pcgrad import PCGrad
from sklearn_mtl.balancing.aggregators._upgrad import UPGrad
from sklearn_mtl.balancing.schedules._asynchronous import Asynchronous
from sklearn_mtl.balancing.schedules._registry import SCHEDULES as SCHEDULES
from sklearn_mtl.balancing.schedules._registry import read_schedule as read_schedule
from sklearn_mtl.balancing.schedules._sampled import Sampled
from sklearn_mtl.balancing.schedules._task_schedule import (
    Synchronous,
    TaskSchedule,
    Turn,
)
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

__all__ = [
    "DWA",
    "FAMO",
    "IMTLG",
    "IMTLL",
    "MGDA",
    "STCH",
    "AlignedMTL",
    "Asynchronous",
    "Balancing",
    "CAGrad",
    "FairGrad",
    "Fixed",
    "GeometricMean",
    "GradNorm",
    "GradientAggregator",
    "LossWeighting",
    "Mean",
    "NashMTL",
    "PCGrad",
    "Random",
    "Sampled",
    "StepGramian",
    "StepLosses",
    "SumOfLosses",
    "Synchronous",
    "TaskSchedule",
    "Turn",
    "UPGrad",
    "Uncertainty",
    "check_balancing",
]
