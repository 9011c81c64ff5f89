"""
Which model wins on several data sets?
======================================

One data set tells what sharing does there. To say something about a model, ask several
data sets, and rank the models on each.
"""

# %%
# The comparison
# --------------
# Eight data sets of four tasks, from unrelated to nearly the same.

import warnings

from sklearn.tree import DecisionTreeRegressor

from sklearn_mtl.comparison import compare_datasets
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.exceptions import NegativeTransferWarning
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.multioutput import IndependentTasks

warnings.simplefilter("ignore", NegativeTransferWarning)  # the gains tell it below

datasets = {
    f"{relatedness:.0%} related, {seed}": make_multitask_regression(
        200, 10, 4, relatedness=relatedness, noise=1.0, random_state=seed
    )
    for relatedness in (0.0, 0.5, 0.9, 0.99)
    for seed in (0, 1)
}
tree = IndependentTasks(DecisionTreeRegressor(max_depth=3, random_state=0))
models = ["linear", ("tree", tree), ("shared", MultiTaskLinearRegressor())]
found = compare_datasets(datasets, models, missing_fraction=0.8)
print(found)

# %%
# The critical-difference diagram
# -------------------------------
# Mean ranks, 1 is the best. A bar joins models that Nemenyi's test does not tell apart:
# with few data sets it is careful (Demsar, JMLR 2006). Drawn by scikit-posthocs.

import matplotlib.pyplot as plt

found.plot()
plt.show()

# %%
# What sharing gains
# ------------------
# Data sets that the shared model wins and loses beyond noise, against its twin and
# against the automatically selected single-task row of each.

print(found.counts.to_string(index=False))
