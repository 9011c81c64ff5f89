"""
Prediction intervals and sets
=============================

This example computes prediction intervals for numbers and prediction sets for classes,
both for each task separately and for all tasks of a sample together.
"""

# %%
# Data with numbers and classes
# -----------------------------
# Two numbers and a class are predicted for 1,200 samples. The noise of the second
# number increases with its mean, and a third of its labels are missing.

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
X = rng.normal(size=(1200, 5))
size = X[:, 0] + np.sin(2 * X[:, 1]) + 0.4 * rng.normal(size=1200)
price = 2 * X[:, 0] + np.exp(X[:, 0] / 2) * rng.normal(size=1200)
kind = np.digitize(X[:, 0] + X[:, 2] + 0.5 * rng.normal(size=1200), [-0.8, 0.8])
y = pd.DataFrame({"size": size, "price": price, "kind": np.array(list("ABC"))[kind]})
y.loc[::3, "price"] = np.nan

# %%
# Half of the samples are used for training. A forest is calibrated on the out-of-bag
# samples of each tree. Nets and blends use their held-out samples in the same way.

from sklearn_mtl.ensemble import MultiTaskForestMixedEstimator

model = MultiTaskForestMixedEstimator(random_state=0).fit(X[:600], y[:600])
interval = model.predict_interval(X[600:], coverage=0.9)
sets = model.predict_set(X[600:], coverage=0.9)
print(interval[:3, 1].round(2))  # of "price"
print(sets[2][:3])  # of "kind"

# %%
# Width of the intervals
# ----------------------
# The intervals are wider where the errors of held-out samples were larger.

import matplotlib.pyplot as plt

order = np.argsort(X[600:, 0])
place, ends = X[600:, 0][order], interval[order, 1]
_, ax = plt.subplots(layout="constrained")
ax.fill_between(place, ends[:, 0], ends[:, 1], alpha=0.3, label="90 % interval")
ax.plot(X[600:, 0], y["price"][600:], ".", color="0.3", markersize=4, label="label")
ax.set(xlabel="first feature", ylabel="price")
ax.legend()
plt.show()

# %%
# Coverage
# --------
# The lines of numbers should follow the diagonal. A prediction set always contains the
# most likely class, so the line of a classification task is never below its accuracy.

from sklearn_mtl.inspection import CoverageDisplay

CoverageDisplay.from_estimator(model, X[600:], y[600:])
plt.show()

# %%
# All tasks together
# ------------------
# With ``joint=True``, all labels of a sample are covered with the given probability.

together = model.predict_interval(X[600:], coverage=0.9, joint=True)
kinds = model.predict_set(X[600:], coverage=0.9, joint=True)[2]
new = y[600:].dropna()
rows = new.index - 600
inside = kinds[rows, np.searchsorted(["A", "B", "C"], new["kind"])]
for t, name in enumerate(["size", "price"]):
    low, high = together[rows, t].T
    inside &= (low <= new[name]) & (new[name] <= high)
print(f"all three in their regions: {inside.mean():.2f}")
