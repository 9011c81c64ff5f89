"""
Which tasks together?
=====================

Six tasks with few labels: three kinds of two each. How much does each task help the
others, and which are best learned together?
"""

# %%
# The data
# --------
# 200 rows with 10 inputs. Tasks 0 and 3, 1 and 4, 2 and 5 follow the same rule; one of
# each pair is turned over, which makes no difference to what they have in common.

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
# From the labels alone; from the gradients of a small net while it trains, and from a
# step along them; and from what a linear model of low rank really gains on held-out
# rows. Purple is help.

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
# and fits a model to each group of the best one. It is an estimator: it predicts all
# tasks, in the order of y.

from sklearn_mtl.grouping import TaskGroupSearchCV

search = TaskGroupSearchCV(low_rank, random_state=0).fit(X, y)
for n_groups, score in zip(
    search.cv_results_["n_groups"], search.cv_results_["mean_test_score"], strict=True
):
    print(f"{n_groups} groups: R2 {score:.3f}")
print(search.groups_)

# %%
# The affinities once more, with the tasks of a group beside each other.

TaskAffinityDisplay.from_search(search)
plt.show()
