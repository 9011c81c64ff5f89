"""
Tune the decision threshold of every task
=========================================

A model may rank samples well and still never predict a rare class, because the common
class is always more likely. A threshold for each task corrects this without another
fit.
"""

# %%
# Ten tasks with rare positives
# -----------------------------
# Handwritten digits, one yes-or-no task for each digit: a tenth of the labels is
# positive. Only two rows of pixels are used, which makes the digits hard to tell apart,
# and a third of all labels is missing.

import numpy as np
from sklearn.datasets import load_digits

from sklearn_mtl.datasets import hide_labels
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.model_selection import TaskDecisionsCV, train_test_split

digits = load_digits()
X = digits.images[:, 1::4].reshape(len(digits.images), -1)
y = hide_labels((digits.target[:, None] == range(10)) * 1.0, 1 / 3, random_state=0)
X, X_new, y, y_new = train_test_split(X, y, random_state=0)

# %%
# One fit and a threshold for each task
# -------------------------------------
# The thresholds are tuned on the out-of-bag predictions of the forest.

forest = MultiTaskForestClassifier(random_state=0)
model = TaskDecisionsCV(forest, scoring="balanced_accuracy").fit(X, y)
print({task: round(t, 3) for task, t in model.thresholds_.items()})

# %%
# The plot shows the balanced accuracy of each task on new samples.

metric = "balanced_accuracy"
likeliest = per_task_score(y_new, model.estimator_.predict(X_new), metric=metric)
tuned = per_task_score(y_new, model.predict(X_new), metric=metric)

import matplotlib.pyplot as plt

fig, ax = plt.subplots(layout="constrained")
place = np.arange(10)
ax.bar(place - 0.2, list(likeliest.values()), 0.4, label="most likely class")
ax.bar(place + 0.2, list(tuned.values()), 0.4, label="tuned threshold")
ax.set_xticks(place, [str(digit) for digit in range(10)])
ax.set(xlabel="digit", ylabel="balanced accuracy", ylim=(0.45, 1.1))
ax.legend(loc="upper center", ncols=2)
plt.show()

# %%
# Costs instead of a metric
# -------------------------
# Suppose that a missed 0 costs fifty times as much as a false alarm. Pass the costs
# with one row per true class and one column per predicted class. They need no tuning.

costs = {"task0": [[0, 1], [50, 0]]}
by_costs = TaskDecisionsCV(forest, scoring=None, costs=costs).fit(X, y)


def cost(predicted: np.ndarray) -> float:
    """Return the mean cost of predictions of the first task."""
    missed = (y_new[:, 0] == 1) & (predicted[:, 0] == 0)
    alarms = (y_new[:, 0] == 0) & (predicted[:, 0] == 1)
    return (50 * missed.sum() + alarms.sum()) / np.sum(~np.isnan(y_new[:, 0]))


print(f"most likely class: {cost(model.estimator_.predict(X_new)):.2f}")
print(f"by costs:          {cost(by_costs.predict(X_new)):.2f}")
