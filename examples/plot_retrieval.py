"""
Find the same digit at any position
===================================

One net learns four tasks from images of handwritten digits: the digit, its position,
its size and its rotation. Its representation is then searched for similar images: with
respect to all tasks, to one task, or to a weighted mix of tasks.
"""

# %%
# The data
# --------
# scikit-learn's digits have random positions, sizes and rotations. 297 images serve as
# queries. The others are the gallery, where 30 % of the labels are missing.

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
# Search by all tasks or by one task
# ----------------------------------
# The fitted net is passed in a FrozenEstimator. The shared representation contains what
# all tasks need. The view of a task is the projection of this representation onto the
# weights of its head. MAP@R is 1 if all images with the label of the query come first.

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
# The plot shows two queries and their neighbours by digit. The frames show which other
# tasks agree. A missing label never counts as agreement.

import matplotlib.pyplot as plt

from sklearn_mtl.neighbors import RetrievalDisplay

RetrievalDisplay.from_estimator(
    by["digit"], X_query[:2], y_query[:2], X_gallery=X_gallery, n_neighbors=6
)
plt.show()

# %%
# The same digit at another position
# ----------------------------------
# A mix weights the views of several tasks. A weight of 0 ignores the position; a
# negative weight favours images with another position.

mix = {"digit": 1.0, "place": -0.5}
elsewhere = NeighborRetriever(frozen, task_mix=mix).fit(X_gallery, y_gallery)
RetrievalDisplay.from_estimator(
    elsewhere, X_query[:2], y_query[:2], X_gallery=X_gallery, n_neighbors=6
)
plt.show()

# %%
# The view of one task
# --------------------
# The view of the position has four clusters, and each of them contains all digits.

from sklearn_mtl.neighbors import EmbeddingDisplay

EmbeddingDisplay.from_estimator(net, X_query, y_query[["place", "digit"]], task="place")
plt.show()
