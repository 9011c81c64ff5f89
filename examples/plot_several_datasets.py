"""
Compare models on several data sets
===================================

A comparison on one data set shows the effect of sharing on that data set. To evaluate a
model in general, compare it on several data sets and rank the models on each.
"""

# %%
# The comparison
# --------------
# There are eight data sets of four tasks. The tasks range from unrelated to nearly
# identical.

import warnings

from sklearn.tree import DecisionTreeRegressor

from sklearn_mtl.comparison import compare_datasets
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.exceptions import NegativeTransferWarning
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.multioutput import IndependentTasks

warnings.simplefilter("ignore", NegativeTransferWarning)  # the gains are shown below

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
# The diagram shows mean ranks; 1 is the best. A bar connects models that do not differ
# significantly in Nemenyi's test. With few data sets the test is conservative (Demšar,
# JMLR 2006). scikit-posthocs draws the diagram.

import matplotlib.pyplot as plt

found.plot()
plt.show()

# %%
# Data sets won and lost
# ----------------------
# The table counts the data sets on which the shared model is significantly better or
# worse than its twin and than the automatically selected single-task model.

print(found.counts.to_string(index=False))
