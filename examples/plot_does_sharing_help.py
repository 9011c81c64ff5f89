"""
Does sharing help?
==================

This example compares linear models that learn five tasks together with their twin, the
same model fitted once per task. Four of the tasks have nearly the same coefficients,
and the fifth has different ones. Each task has few labels.
"""

# %%
# The data
# --------
# There are 400 samples with 20 inputs.

from sklearn_mtl.datasets import make_multitask_regression

X, y = make_multitask_regression(
    400,
    n_features=20,
    n_tasks=5,
    n_groups=[0, 0, 0, 0, 1],
    relatedness=0.95,
    noise=1.0,
    random_state=0,
)

# %%
# The comparison
# --------------
# Every model is fitted and scored on the same folds. The twin is added automatically.
# 85 % of the training labels are hidden, so each task has about 48. All labels of the
# test sets are used for the scores. A task that loses significantly is reported in a
# warning.

import warnings

from sklearn_mtl.comparison import compare
from sklearn_mtl.linear_model import MultiTaskLinearRegressor

shared = ("shared", MultiTaskLinearRegressor())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    comparison = compare(
        X,
        y,
        ["dummy", "linear", shared],
        cv=10,
        n_repeats=2,
        missing_fraction=0.85,
    )
print(comparison)
print(f"\nWarning: {caught[0].message}")

# %%
# The gain from sharing
# ---------------------
# To the right of zero, the shared model is better than its twin. The four related tasks
# gain, three of them significantly, and the fifth task loses. The intervals account for
# the overlap of the training sets of the folds. An interval containing zero is
# inconclusive.

import matplotlib.pyplot as plt

comparison.plot()
plt.show()

# %%
# The scores
# ----------
# The plot shows the score of every model for every task, with the range over the folds.

comparison.plot_scores()
plt.show()
