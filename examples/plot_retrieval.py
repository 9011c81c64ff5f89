"""
Find the same digit, wherever it is
===================================

One net learns four tasks from pictures of handwritten digits: which digit, in which
quarter, how large, how turned. What it has learnt is then searched: by all tasks at
once, by one of them, or by a mix that says what should be alike and what should not.
"""

# %%
# The data
# --------
# scikit-learn's digits, pasted at random places in random sizes and angles. 297
# pictures ask, the others are the gallery, where 30 % of the labels are missing.

import numpy as np

from sklearn_mtl.datasets import load_digit_scenes

scenes = load_digit_scenes(1797, as_frame=True)
X = scenes.data.to_numpy(np.float32) / 16
y = scenes.target
X_gallery, y_gallery, X_query, y_query = X[297:], y[297:], X[:297], y[:297]

# %%
# One net for all tasks
# ---------------------

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import Conv

trunk = Conv((1, 14, 14), channels=(16, 32), hidden=64, normalization="batch")
net = MultiTaskClassifier(
    trunk=trunk, max_epochs=20, early_stopping=False, random_state=0
)
net.fit(X_gallery, y_gallery)

# %%
# Search by everything, or by one task
# ------------------------------------
# The retriever gets the fitted net in a FrozenEstimator. The shared representation
# holds what all tasks need; the view of a task is that representation as the head of
# the task sees it. MAP@R is 1 if all pictures with the label of the query come first.

import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import FunctionTransformer

from sklearn_mtl.neighbors import NeighborRetriever

frozen = FrozenEstimator(net)
by = {
    "pixels": NeighborRetriever(FunctionTransformer()),
    "all tasks": NeighborRetriever(frozen),
    "digit": NeighborRetriever(frozen, task="digit"),
    "place": NeighborRetriever(frozen, task="place"),
}
scores = {}
for name, retriever in by.items():
    report = retriever.fit(X_gallery, y_gallery).report(X_query, y_query)
    scores[name] = {task: found["map_at_r"] for task, found in report.items()}
print(pd.DataFrame(scores).T.round(2))

# %%
# Two queries and their neighbours, by the digit. The frames say what else agrees;
# what has no label agrees with nothing.

import matplotlib.pyplot as plt

from sklearn_mtl.neighbors import RetrievalDisplay

RetrievalDisplay.from_estimator(
    by["digit"], X_query[:2], y_query[:2], X_gallery=X_gallery, n_neighbors=6
)
plt.show()

# %%
# The same digit, and another place
# ---------------------------------
# A mix weighs the views. With a weight of 0 the place would not matter; with a negative
# one another place is better.

mix = {"digit": 1.0, "place": -0.5}
elsewhere = NeighborRetriever(frozen, task_mix=mix).fit(X_gallery, y_gallery)
RetrievalDisplay.from_estimator(
    elsewhere, X_query[:2], y_query[:2], X_gallery=X_gallery, n_neighbors=6
)
plt.show()

# %%
# What a view has kept
# --------------------
# The view of the place has four clouds, and in each of them all digits.

from sklearn_mtl.neighbors import EmbeddingDisplay

EmbeddingDisplay.from_estimator(net, X_query, y_query[["place", "digit"]], task="place")
plt.show()
