"""
Group tasks to learn together
=============================

Six tasks with few labels form three pairs. This example measures how much each task
helps the others, and finds the groups that should be learned together.
"""

# %%
# The data
# --------
# There are 200 samples with 10 inputs. Tasks 0 and 3, 1 and 4, and 2 and 5 have nearly
# the same coefficients. The sign of one task of each pair is reversed, which does not
# change what they have in common.

from sklearn_mtl.datasets import make_multitask_regression

X, y = make_multitask_regression(
    200,
    n_features=10,
    n_tasks=6,
    n_groups=[0, 1, 2, 0, 1, 2],
    relatedness=0.95,
    noise=1.0,
    random_state=0,
)
y[:, 3:] *= -1

# %%
# Four affinities
# ---------------
# The affinities are computed from the labels alone, from the gradients of a small net
# during training, from a step along these gradients, and from the gain of a low-rank
# linear model on held-out samples. Purple means that a task helps.

import matplotlib.pyplot as plt

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.inspection import TaskAffinityDisplay, task_affinity
from sklearn_mtl.linear_model import MultiTaskLinearRegressor

net = MultiTaskRegressor(
    hidden_layer_sizes=(3,), n_members=4, max_epochs=15, lr=0.02, random_state=0
)
low_rank = MultiTaskLinearRegressor(penalty="trace", alpha=0.3)
models = {"label": None, "gradient": net, "lookahead": net, "gain": low_rank}

figure, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
for ax, (method, model) in zip(axes.flat, models.items(), strict=True):
    affinity = task_affinity(model, X, y, method=method, random_state=0)
    TaskAffinityDisplay.from_affinity(affinity, ax=ax)
    ax.set_title(f"{method}: {affinity.n_fits} fit(s), {affinity.seconds:.1f} s")

# %%
# The groups
# ----------
# The search scores the best partition for every number of groups by cross-validation,
# and fits a model to each group of the best partition. It is an estimator that predicts
# all tasks in the order of y.

from sklearn_mtl.grouping import TaskGroupSearchCV

search = TaskGroupSearchCV(low_rank, random_state=0).fit(X, y)
for n_groups, score in zip(
    search.cv_results_["n_groups"], search.cv_results_["mean_test_score"], strict=True
):
    print(f"{n_groups} groups: R2 {score:.3f}")
print(search.groups_)

# %%
# The last plot shows the affinities again, ordered by group.

TaskAffinityDisplay.from_search(search)
plt.show()
