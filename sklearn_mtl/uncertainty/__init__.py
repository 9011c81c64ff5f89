"""Uncertainty of predictions: intervals, quantiles and sets of all tasks."""

from sklearn_mtl.uncertainty._calibration_data import CalibrationData as CalibrationData
from sklearn_mtl.uncertainty._intervals import IntervalsMixin as IntervalsMixin
from sklearn_mtl.uncertainty._intervals import SetsMixin as SetsMixin
from sklearn_mtl.uncertainty._intervals import (
    StandardDeviationMixin as StandardDeviationMixin,
)
from sklearn_mtl.uncertainty._members import variance_of_members as variance_of_members

__all__: list[str] = []
