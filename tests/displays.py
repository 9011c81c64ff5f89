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
from sklearn_mtl.comparison._gains import Gain

RNG = np.random.default_rng(0)


def gains():
    """Return the gains of one model on two tasks and in the mean."""
    found = [Interval(0.02, -0.01, 0.05, 0.1, 5), Interval(-0.1, -0.2, 0.0, 0.05, 5)]
    found.append(Interval(-0.04, -0.1, 0.02, 0.2, 5))
    return [
        Gain("net", against, task, interval, interval.p_value)
        for against in ("twin", "best single")
        for task, interval in zip(["ill", "dose", "mean"], found, strict=True)
    ]


DISPLAYS = {
    "CriticalDifferenceDisplay": lambda: CriticalDifferenceDisplay(
        [1.2, 2.0, 2.8],
        [[1.0, 0.3, 0.01], [0.3, 1.0, 0.4], [0.01, 0.4, 1.0]],
        model_names=["net", "linear", "forest"],
        critical_difference=1.4,
        highlighted=["net"],
    ),
    "SampleEfficiencyDisplay": lambda: SampleEfficiencyDisplay(
        [20, 60, 200], [0.7, 0.8, 0.85], [0.5, 0.7, 0.84], gain_low=[0.1, 0.05, -0.01]
    ),
    "TaskGainDisplay": lambda: TaskGainDisplay(gains()),
    "TaskScoreDisplay": lambda: TaskScoreDisplay(
        RNG.normal(0.8, 0.05, (3, 5, 2)),
        model_names=["linear", "net, one per task", "net"],
        task_names=["ill", "dose"],
        metric_names=["roc_auc", "r2"],
    ),
}
