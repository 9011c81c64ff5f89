"""
Inspect the training of a net
=============================

This example shows whether the gradients of the tasks conflict, how a balancing method
weights the tasks, and whether more samples would increase the scores.
"""

# %%
# A net with a monitor
# --------------------
# Four tasks in two groups are learned by a small net. ``monitor="gradients"`` measures
# the exact gradients of all tasks once per epoch and does not change the fit.

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.datasets import make_multitask_classification

X, y = make_multitask_classification(
    300, n_features=10, n_tasks=4, n_groups=2, nonlinear=True, random_state=0
)
net = MultiTaskClassifier(
    hidden_layer_sizes=(6,),
    n_members=1,
    max_epochs=30,
    lr=0.01,
    balancing="uncertainty",
    monitor="gradients",
    random_state=0,
).fit(X, y)

# %%
# Conflict
# --------
# Two tasks conflict if the cosine of their gradients is below zero. Here the mean
# cosine is near zero, and about half of the pairs conflict. The two groups have little
# in common and compete for few units.

import matplotlib.pyplot as plt

from sklearn_mtl.inspection import GradientConflictDisplay

GradientConflictDisplay.from_estimator(net)

# %%
# Task weights
# ------------
# The plot shows the mean weight that the balancing method gave to each task in every
# epoch.

from sklearn_mtl.inspection import TaskWeightDisplay

TaskWeightDisplay.from_estimator(net)

# %%
# Learning curves
# ---------------
# If a curve still increases, more samples would help. The thick line is the mean over
# tasks, with the standard deviation over folds.

from sklearn_mtl.inspection import MultiTaskLearningCurveDisplay

plain = MultiTaskClassifier(n_members=1, max_epochs=12, random_state=0)
MultiTaskLearningCurveDisplay.from_estimator(
    plain, X, y, cv=3, train_sizes=[0.25, 0.5, 1.0], random_state=0
)
plt.show()
