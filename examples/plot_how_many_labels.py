"""
How many labels does sharing save?
==================================

The effect of sharing depends on the number of labels: tasks with few labels usually
gain more from other tasks. This example plots the score of a shared model and of its
twin against the number of labels.
"""

# %%
# Score against number of labels
# ------------------------------
# Six tasks have nearly the same coefficients. A model that learns them together, and
# its twin, are fitted to 5, 10, 25, 50 and 100 % of the labels of every training set.
# The test sets do not change.

from sklearn_mtl.comparison import compare
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.linear_model import MultiTaskLinearRegressor

X, y = make_multitask_regression(
    500, n_features=20, n_tasks=6, relatedness=0.95, noise=1.0, random_state=0
)
comparison = compare(
    X,
    y,
    ["dummy", ("shared", MultiTaskLinearRegressor())],
    learning_curve=(0.05, 0.1, 0.25, 0.5, 1.0),
)

# %%
# ``labels_saved`` compares the two curves horizontally: it returns the number of labels
# that the twin needs for the same score.

print(comparison.labels_saved())

# %%
# The vertical distance of the curves is the gain from sharing. The band is the interval
# of the gain: sharing helps significantly where the dashed curve is outside the band.

import matplotlib.pyplot as plt

comparison.plot_learning_curve()
plt.show()

# %%
# The values are available as a DataFrame.

curve = comparison.learning_curve
mean = curve[curve["task"] == "mean"]
print(mean[["labels", "score", "twin", "gain", "low", "high"]].round(3).to_string())
