"""Does learning the tasks together help? Models compared on the same splits."""

from sklearn_mtl.comparison._compare import compare
from sklearn_mtl.comparison._comparison import Comparison
from sklearn_mtl.comparison._datasets import compare_datasets
from sklearn_mtl.comparison._datasets_comparison import DatasetsComparison
from sklearn_mtl.comparison._intervals import Interval, corrected_interval
from sklearn_mtl.comparison._plot import TaskGainDisplay
from sklearn_mtl.comparison._plot_curve import SampleEfficiencyDisplay
from sklearn_mtl.comparison._plot_ranks import CriticalDifferenceDisplay
from sklearn_mtl.comparison._plot_scores import TaskScoreDisplay
from sklearn_mtl.comparison._task_groups import TaskGroupSearchCV

__all__ = [
    "Comparison",
    "CriticalDifferenceDisplay",
    "DatasetsComparison",
    "Interval",
    "SampleEfficiencyDisplay",
    "TaskGainDisplay",
    "TaskGroupSearchCV",
    "TaskScoreDisplay",
    "compare",
    "compare_datasets",
    "corrected_interval",
]
