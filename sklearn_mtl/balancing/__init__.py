"""Methods that balance tasks: weightings of losses and aggregators of gradients."""

from sklearn_mtl.balancing._aligned_mtl import AlignedMTL
from sklearn_mtl.balancing._asynchronous import Asynchronous
from sklearn_mtl.balancing._balancer import GradientBalancer, LossBalancer
from sklearn_mtl.balancing._base import (
    Balancing,
    GradientAggregator,
    LossWeighting,
    StepLosses,
)
from sklearn_mtl.balancing._cagrad import CAGrad
from sklearn_mtl.balancing._check import check_balancing
from sklearn_mtl.balancing._dwa import DWA
from sklearn_mtl.balancing._fairgrad import FairGrad
from sklearn_mtl.balancing._famo import FAMO
from sklearn_mtl.balancing._fixed import Fixed
from sklearn_mtl.balancing._geometric_mean import GeometricMean
from sklearn_mtl.balancing._gradnorm import GradNorm
from sklearn_mtl.balancing._gramian import feature_gramian, lowest_overlap
from sklearn_mtl.balancing._imtl_g import IMTLG
from sklearn_mtl.balancing._imtl_l import IMTLL
from sklearn_mtl.balancing._mean import Mean
from sklearn_mtl.balancing._mgda import MGDA
from sklearn_mtl.balancing._nash_mtl import NashMTL
from sklearn_mtl.balancing._pcgrad import PCGrad
from sklearn_mtl.balancing._random import Random
from sklearn_mtl.balancing._registry import METHODS, read_balancing
from sklearn_mtl.balancing._sampled import Sampled
from sklearn_mtl.balancing._schedule_registry import SCHEDULES, read_schedule
from sklearn_mtl.balancing._stch import STCH
from sklearn_mtl.balancing._sum import Sum
from sklearn_mtl.balancing._task_schedule import Synchronous, TaskSchedule, Turn
from sklearn_mtl.balancing._uncertainty import Uncertainty
from sklearn_mtl.balancing._upgrad import UPGrad

__all__ = [
    "DWA",
    "FAMO",
    "IMTLG",
    "IMTLL",
    "METHODS",
    "MGDA",
    "SCHEDULES",
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
    "GradientBalancer",
    "LossBalancer",
    "LossWeighting",
    "Mean",
    "NashMTL",
    "PCGrad",
    "Random",
    "Sampled",
    "StepLosses",
    "Sum",
    "Synchronous",
    "TaskSchedule",
    "Turn",
    "UPGrad",
    "Uncertainty",
    "check_balancing",
    "feature_gramian",
    "lowest_overlap",
    "read_balancing",
    "read_schedule",
]
