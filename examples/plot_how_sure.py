"""
Prediction intervals and sets
=============================

This example computes prediction intervals for numbers and prediction sets for classes,
both for each task separately and for all tasks of a sample together.
"""

# %%
# Data with numbers and classes
# -----------------------------
# Images of cell nuclei were measured for 569 people. From the means of ten
# measurements, predict the largest area of a nucleus, the most severe concavity and the
# diagnosis. A third of the labels of the area is missing.

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

from sklearn_mtl.datasets import hide_labels
from sklearn_mtl.model_selection import train_test_split

table = load_breast_cancer(as_frame=True).frame
X = table.filter(regex="^mean ")
y = pd.DataFrame(
    {
        "area": table["worst area"],
        "concavity": table["worst concavity"],
        "diagnosis": table["target"].map({0: "malignant", 1: "benign"}),
    }
)
y = hide_labels(y, {"area": 1 / 3}, random_state=0)
X, X_new, y, y_new = train_test_split(X, y, test_size=0.4, random_state=0)

# %%
# A forest is calibrated on the out-of-bag samples of each tree. Nets and blends use
# their held-out samples in the same way.

from sklearn_mtl.ensemble import MultiTaskForestMixedEstimator

model = MultiTaskForestMixedEstimator(random_state=0).fit(X, y)
interval = model.predict_interval(X_new, coverage=0.9)
sets = model.predict_set(X_new, coverage=0.9)
print(interval[:3, 0].round())  # intervals of "area"
print(model.classes_[2])
print(sets[2][:3])  # sets of "diagnosis": True for classes in the set

# %%
# Width of the intervals
# ----------------------
# The intervals are wider where the errors of held-out samples were larger: the largest
# area is harder to predict where areas are large.

import matplotlib.pyplot as plt

area, ends = X_new["mean area"].to_numpy(), interval[:, 0]
_, ax = plt.subplots(layout="constrained")
ax.vlines(area, *ends.T, alpha=0.3, label="90 % interval")
ax.plot(area, y_new["area"], ".", color="0.3", label="label")
ax.set(xlabel="mean area", ylabel="largest area")
ax.legend()
plt.show()
small, large = (np.diff(ends[some]).mean() for some in (area < 500, area > 1000))
print(f"mean width below a mean area of 500: {small:.0f}, above 1000: {large:.0f}")

# %%
# Coverage
# --------
# The lines of the two regression tasks should follow the diagonal. A prediction set
# always contains the most likely class, so the line of a classification task is never
# below its accuracy. The area has about 150 test labels, so its line is uncertain by
# about 0.1. It is below the diagonal for medium coverage, and close to it at both ends.

from sklearn_mtl.inspection import CoverageDisplay

CoverageDisplay.from_estimator(model, X_new, y_new)
plt.show()

# %%
# All tasks together
# ------------------
# With ``joint=True``, all labels of a sample are covered with the given probability.

together = model.predict_interval(X_new, coverage=0.9, joint=True)
classes = model.predict_set(X_new, coverage=0.9, joint=True)[2]
complete = y_new.notna().all(axis=1).to_numpy()
true_class = np.searchsorted(model.classes_[2], y_new["diagnosis"][complete])
inside = classes[complete][np.arange(complete.sum()), true_class]
for t, name in enumerate(["area", "concavity"]):
    low, high = together[complete, t].T
    truth = y_new[name][complete].to_numpy()
    inside &= (low <= truth) & (truth <= high)
print(f"all three in their regions: {inside.mean():.2f}")
