"""ONNX nodes of HistGradientBoosting.

skl2onnx 1.20 cannot convert these estimators with NumPy 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from sklearn_mtl.export._graph import Graph
from sklearn_mtl.export._trees import IS_LEAF, leaf_places
from sklearn_mtl.export._values import refuse

__all__ = ["HISTOGRAMS", "boosted"]

HISTOGRAMS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
#: Losses with a log link: predictions are exponentials of the sums of the leaves.
LOGARITHMIC = ("gamma", "poisson")


@dataclass(frozen=True)
class _Table:
    """Tree with the attributes of the trees of forests."""

    nodes: np.ndarray

    @property
    def node_count(self) -> int:
        return len(self.nodes)

    @property
    def children_left(self) -> np.ndarray:
        return self._children("left")

    @property
    def children_right(self) -> np.ndarray:
        return self._children("right")

    @property
    def feature(self) -> np.ndarray:
        return self.nodes["feature_idx"].astype(np.int64)

    @property
    def threshold(self) -> np.ndarray:
        return self.nodes["num_threshold"]

    @property
    def missing_go_to_left(self) -> np.ndarray:
        return self.nodes["missing_go_to_left"]

    def _children(self, side: str) -> np.ndarray:
        is_leaf = self.nodes["is_leaf"].astype(bool)
        return np.where(is_leaf, IS_LEAF, self.nodes[side].astype(np.int64))


def boosted(model: Any, graph: Graph, x: str) -> str:
    """Append values (n_samples, 1) or probabilities (n_samples, n_classes).

    Missing values are handled as in scikit-learn.
    """
    if model.is_categorical_ is not None:
        raise refuse(
            model,
            "splits on categories, but the graph only accepts numbers. Encode the "
            "categories as numbers and set categorical_features=None.",
        )
    rows: Any = model._predictors  # one tree per output in each row
    trees = [_Table(tree.nodes) for row in rows for tree in row]
    raw = np.ravel(model._baseline_prediction)
    scores = graph.op("Add", _sums(trees, len(raw), graph, x), raw)
    if isinstance(model, HistGradientBoostingRegressor):
        return graph.op("Exp", scores) if model.loss in LOGARITHMIC else scores
    if len(raw) > 1:
        return graph.op("Softmax", scores, axis=1)
    # 1 - p would be inaccurate for small probabilities
    both = graph.join([graph.op("Neg", scores), scores], axis=1)
    return graph.op("Sigmoid", both)


def _sums(trees: list[_Table], n_outputs: int, graph: Graph, x: str) -> str:
    """Append the sums of the leaves over the trees of each output."""
    places = leaf_places(trees, graph, x)
    values = [tree.nodes["value"][tree.nodes["is_leaf"] == 1] for tree in trees]
    leaves = graph.take(np.concatenate(values).astype(np.float64), places)
    leaves = graph.reshape(leaves, -1, len(trees) // n_outputs, n_outputs)
    return graph.op("ReduceSum", leaves, np.array([1]), keepdims=0)
