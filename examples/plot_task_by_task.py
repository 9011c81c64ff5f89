"""
Inspect a model task by task
============================

This example shows which inputs each task of a model uses, how a task depends on an
input, and where its predictions are wrong. The tasks are to predict the cultivar of a
wine, whether its colour is intense, and its alcohol content from the other measurements
of a chemical analysis. A quarter of the labels are hidden.
"""

# %%
# Classification and regression tasks
# -----------------------------------

import pandas as pd
from sklearn.datasets import load_wine

from sklearn_mtl.datasets import hide_labels
from sklearn_mtl.model_selection import train_test_split

wine = load_wine(as_frame=True).frame
targets = pd.DataFrame(
    {
        "cultivar": wine["target"].map({0: "A", 1: "B", 2: "C"}),
        "intense": (wine["color_intensity"] > 5).map({False: "no", True: "yes"}),
        "alcohol": wine["alcohol"],
    }
)
inputs = wine.drop(columns=["target", "color_intensity", "alcohol"])
targets = hide_labels(targets, 0.25, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(inputs, targets, random_state=0)

# %%
# One net for all tasks
# ---------------------

from sklearn_mtl import MultiTaskMixedEstimator

net = MultiTaskMixedEstimator(n_members=2, max_epochs=40, random_state=0)
net.fit(X_train, y_train)
print(f"skill on test samples: {net.score(X_test, y_test):.2f}")

# %%
# Importance of the inputs
# ------------------------
# The importance of an input is the decrease of the score of a task when the input is
# shuffled.

import matplotlib.pyplot as plt

from sklearn_mtl.inspection import TaskImportanceDisplay

TaskImportanceDisplay.from_estimator(
    net, X_test, y_test, max_features=8, random_state=0
)

# %%
# Partial dependence
# ------------------
# ``net.task(name)`` is a view of one task that scikit-learn's tools accept.

from sklearn.inspection import PartialDependenceDisplay

_, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
PartialDependenceDisplay.from_estimator(
    net.task("alcohol"), X_train, ["proline", "hue"], grid_resolution=20, ax=ax
)

# %%
# Confusion matrices
# ------------------
# Only samples with an observed label are counted. The regression task has no matrix.

from sklearn_mtl.inspection import TaskConfusionDisplay

TaskConfusionDisplay.from_estimator(net, X_test, y_test)

# %%
# Coefficients of a linear model
# ------------------------------
# The coefficients are for standardised inputs and the two classification tasks. A task
# with more than two classes has one row per class.

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.inspection import TaskCoefficientDisplay
from sklearn_mtl.linear_model import MultiTaskLinearClassifier

linear = make_pipeline(StandardScaler(), MultiTaskLinearClassifier())
linear.fit(X_train, y_train[["cultivar", "intense"]])
TaskCoefficientDisplay.from_estimator(linear, feature_names=list(inputs.columns))
plt.show()
