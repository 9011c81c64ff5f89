"""
How many labels does sharing save?
==================================

The fewer labels a task has, the more it gains from the labels of the others. So the
answer to "does sharing help?" depends on how many labels there are, and will be.
"""

# %%
# Score against number of labels
# ------------------------------
# Six tasks that follow nearly the same rule. The model that learns them together, and
# its twin that learns each apart, are fitted to 5, 10, 25, 50 and 100 % of the labels
# of every training part. The test parts stay the same.

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
# The vertical distance of the curves is the gain from sharing; the band is its
# interval, so that sharing helps beyond noise where the dashed curve is outside. The
# horizontal distance tells how many labels sharing saves.

print(comparison.labels_saved())

# %%
# As a picture:

import matplotlib.pyplot as plt

comparison.plot_learning_curve()
plt.show()

# %%
# The numbers are in a DataFrame.

curve = comparison.learning_curve
mean = curve[curve["task"] == "mean"]
print(mean[["labels", "score", "twin", "gain", "low", "high"]].round(3).to_string())
