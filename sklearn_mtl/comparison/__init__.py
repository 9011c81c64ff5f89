"""Comparisons of multi-task and single-task models on the same splits."""

from sklearn_mtl.comparison._compare import compare
from sklearn_mtl.comparison._comparison import Comparison
from sklearn_mtl.comparison._datasets import compare_datasets
from sklearn_mtl.comparison._datasets_comparison import DatasetsComparison
from sklearn_mtl.comparison._make_estimator import make_estimator
from sklearn_mtl.comparison.design._models import MODELS as MODELS
from sklearn_mtl.comparison.plots._curve import SampleEfficiencyDisplay
from sklearn_mtl.comparison.plots._gain import TaskGainDisplay
from sklearn_mtl.comparison.plots._ranks import CriticalDifferenceDisplay
from sklearn_mtl.comparison.plots._scores import TaskScoreDisplay
from sklearn_mtl.comparison.report._text_table import layout as layout
from sklearn_mtl.comparison.results._intervals import Interval as Interval
from sklearn_mtl.comparison.results._intervals import (
    corrected_interval as corrected_interval,
)
from sklearn_mtl.comparison.results._rows import twin_name as twin_name
from sklearn_mtl.comparison.results._words import metric_label as metric_label
from sklearn_mtl.comparison.results._words import number as number

__all__ = [
    "Comparison",
    "CriticalDifferenceDisplay",
    "DatasetsComparison",
    "SampleEfficiencyDisplay",
    "TaskGainDisplay",
    "TaskScoreDisplay",
    "compare",
    "compare_datasets",
    "make_estimator",
]
