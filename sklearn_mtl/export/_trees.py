"""Forests, whose trees compare as scikit-learn's do, in every digit."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from sklearn_mtl.export._graph import Graph

__all__ = ["IS_LEAF", "forest_means", "leaf_places"]

#: The number of the children of a leaf.
IS_LEAF = -1


def forest_means(forest: RandomForestRegressor, graph: Graph, x: str) -> str:
    """Append the mean of the leaves over all trees.

    Shapes: x (n_samples, n_features), float32 -> (n_samples, n_outputs), float64.
    """
    trees = [tree.tree_ for tree in forest.estimators_]
    place = leaf_places(trees, graph, x)
    values = [tree.value[tree.children_left == IS_LEAF, :, 0] for tree in trees]
    means = graph.take(np.concatenate(values), place)
    return graph.op("ReduceMean", means, axes=[1], keepdims=0)


def leaf_places(trees: list[Any], graph: Graph, x: str) -> str:
    """Append the row of each tree's leaf in a table of the leaves of all trees.

    onnxruntime sums leaves in float32 and takes an entry for each of their outputs.
    Here its trees only say which leaf a sample falls into, and a table of all leaves in
    float64 has the rest.

    Shapes: x (n_samples, n_features) -> (n_samples, n_trees).
    """
    is_leaf = [tree.children_left == IS_LEAF for tree in trees]
    first = np.cumsum([0, *(np.count_nonzero(one) for one in is_leaf[:-1])])
    # Thresholds are compared in float64, as scikit-learn does with its float32 inputs.
    leaves = graph.op(
        "TreeEnsembleRegressor",
        graph.cast(x, np.float64),
        domain="ai.onnx.ml",
        n_targets=len(trees),
        **_nodes(graph, trees, is_leaf),
    )
    return graph.op("Add", graph.cast(leaves, np.int64), first.astype(np.int64))


def _nodes(graph: Graph, trees: list[Any], is_leaf: list[np.ndarray]) -> dict[str, Any]:
    """Return the attributes that describe the nodes; a leaf gives its number."""
    sizes = [tree.node_count for tree in trees]
    numbers = np.concatenate([np.arange(size) for size in sizes])
    of_tree = np.repeat(np.arange(len(trees)), sizes)
    leaf = np.concatenate(is_leaf)
    column: dict[str, np.ndarray] = {
        name: np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("children_left", "children_right", "feature", "threshold")
    }
    # where a missing value goes; trees that have seen none send it by the comparison
    left = np.concatenate([tree.missing_go_to_left for tree in trees])
    weights = np.concatenate([np.arange(np.count_nonzero(one)) for one in is_leaf])
    as_tensor = graph.onnx.numpy_helper.from_array
    return {
        "nodes_treeids": of_tree,
        "nodes_nodeids": numbers,
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": np.where(leaf, 0, column["feature"]),
        "nodes_truenodeids": np.where(leaf, 0, column["children_left"]),
        "nodes_falsenodeids": np.where(leaf, 0, column["children_right"]),
        "nodes_missing_value_tracks_true": left.astype(np.int64) * ~leaf,
        "nodes_values_as_tensor": as_tensor(
            np.where(leaf, 0.0, column["threshold"]), "nodes_values"
        ),
        "target_treeids": of_tree[leaf],
        "target_nodeids": numbers[leaf],
        "target_ids": of_tree[leaf],
        "target_weights_as_tensor": as_tensor(weights.astype(float), "target_weights"),
    }
