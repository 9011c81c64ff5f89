"""The Displays that the shared suite runs over: name -> function that makes one.

Each is made from arrays alone and not drawn. Add a Display here in a line, and
`tests/test_displays.py` runs with it.
"""

import numpy as np

from sklearn_mtl.comparison import (
    CriticalDifferenceDisplay,
    Interval,
    SampleEfficiencyDisplay,
    TaskGainDisplay,
    TaskScoreDisplay,
)
from sklearn_mtl.comparison.results._gains import Gain
from sklearn_mtl.inspection import (
    CoverageDisplay,
    GradientConflictDisplay,
    MultiTaskLearningCurveDisplay,
    TaskAffinityDisplay,
    TaskCoefficientDisplay,
    TaskConfusionDisplay,
    TaskImportanceDisplay,
    TaskWeightDisplay,
)
from sklearn_mtl.neighbors import EmbeddingDisplay, RetrievalDisplay

RNG = np.random.default_rng(0)


def gains():
    """Return the gains of one model on two tasks and in the mean."""
    found = [Interval(0.02, -0.01, 0.05, 0.1, 5), Interval(-0.1, -0.2, 0.0, 0.05, 5)]
    found.append(Interval(-0.04, -0.1, 0.02, 0.2, 5))
    return [
        Gain("net", against, task, interval, interval, interval.p_value)
        for against in ("twin", "automatically selected")
        for task, interval in zip(["ill", "dose", "mean"], found, strict=True)
    ]


DISPLAYS = {
    "CoverageDisplay": lambda: CoverageDisplay(
        [0.5, 0.8, 0.9], [[0.52, 0.81, 0.9], [0.45, np.nan, 0.88]], ["ill", "dose"]
    ),
    "CriticalDifferenceDisplay": lambda: CriticalDifferenceDisplay(
        [1.2, 2.0, 2.8],
        [[1.0, 0.3, 0.01], [0.3, 1.0, 0.4], [0.01, 0.4, 1.0]],
        model_names=["net", "linear", "forest"],
        critical_difference=1.4,
        highlighted=["net"],
    ),
    "EmbeddingDisplay": lambda: EmbeddingDisplay(
        RNG.normal(size=(30, 2)),
        np.where(np.arange(30) % 5 > 0, np.arange(30) % 9, np.nan),
    ),
    "GradientConflictDisplay": lambda: GradientConflictDisplay(
        [0.4, 0.1, -0.2], [0.0, 0.3, 0.6]
    ),
    "MultiTaskLearningCurveDisplay": lambda: MultiTaskLearningCurveDisplay(
        [20, 60, 200], RNG.normal(0.8, 0.05, (3, 5, 2)), ["ill", "dose"]
    ),
    "RetrievalDisplay": lambda: RetrievalDisplay(
        RNG.uniform(size=(2, 4, 4)),
        RNG.uniform(size=(2, 3, 4, 4)),
        agrees=RNG.uniform(size=(2, 3, 2)) < 0.5,
        task_names=["digit", "odd"],
        distances=RNG.uniform(size=(2, 3)),
    ),
    "SampleEfficiencyDisplay": lambda: SampleEfficiencyDisplay(
        [20, 60, 200], [0.7, 0.8, 0.85], [0.5, 0.7, 0.84], gain_low=[0.1, 0.05, -0.01]
    ),
    "TaskAffinityDisplay": lambda: TaskAffinityDisplay(
        [[0.0, 0.1, -0.2], [0.3, 0.0, np.nan], [0.0, 0.1, 0.0]],
        ["ill", "dose", "stage"],
        method="gain",
        groups=[["ill", "stage"], ["dose"]],
    ),
    "TaskCoefficientDisplay": lambda: TaskCoefficientDisplay(
        RNG.normal(size=(2, 3)), ["ill", "dose"], ["age", "height", "weight"]
    ),
    "TaskConfusionDisplay": lambda: TaskConfusionDisplay(
        [np.array([[0.9, 0.1], [0.4, 0.6]]), np.eye(3)],
        ["ill", "stage"],
        [["no", "yes"], [1, 2, 3]],
        normalize="true",
    ),
    "TaskGainDisplay": lambda: TaskGainDisplay(gains()),
    "TaskImportanceDisplay": lambda: TaskImportanceDisplay(
        RNG.normal(size=(2, 3)), ["ill", "dose"], ["age", "height", "weight"]
    ),
    "TaskScoreDisplay": lambda: TaskScoreDisplay(
        RNG.normal(0.8, 0.05, (3, 5, 2)),
        model_names=["linear", "net, one per task", "net"],
        task_names=["ill", "dose"],
        metric_names=["roc_auc", "r2"],
    ),
    "TaskWeightDisplay": lambda: TaskWeightDisplay(
        RNG.uniform(size=(20, 9)), [f"task{t}" for t in range(9)]
    ),
}
