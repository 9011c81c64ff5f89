"""ONNX nodes of forests, with the same comparisons as in scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from sklearn_mtl.export._graph import Graph

__all__ = ["IS_LEAF", "forest_means", "leaf_places"]

#: Index of the children of a leaf in scikit-learn's trees.
IS_LEAF = -1


def forest_means(forest: RandomForestRegressor, graph: Graph, x: str) -> str:
    """Append the mean over all trees of the leaf values.

    Shapes: x (n_samples, n_features), float32 -> (n_samples, n_outputs), float64.
    """
    trees = [tree.tree_ for tree in forest.estimators_]
    place = leaf_places(trees, graph, x)
    values = [tree.value[tree.children_left == IS_LEAF, :, 0] for tree in trees]
    means = graph.take(np.concatenate(values), place)
    return graph.op("ReduceMean", means, axes=[1], keepdims=0)


def leaf_places(trees: list[Any], graph: Graph, x: str) -> str:
    """Append the index of each tree's leaf in a table of the leaves of all trees.

    onnxruntime sums leaf values in float32 and stores one entry per output of a leaf.
    Here, its trees only return the leaf of a sample, and the leaf values are taken from
    a float64 table.

    Shapes: x (n_samples, n_features) -> (n_samples, n_trees).
    """
    is_leaf = [tree.children_left == IS_LEAF for tree in trees]
    first = np.cumsum([0, *(np.count_nonzero(one) for one in is_leaf[:-1])])
    # scikit-learn also compares its float32 inputs with thresholds in float64.
    leaves = graph.op(
        "TreeEnsembleRegressor",
        graph.cast(x, np.float64),
        domain="ai.onnx.ml",
        n_targets=len(trees),
        **_nodes(graph, trees, is_leaf),
    )
    return graph.op("Add", graph.cast(leaves, np.int64), first.astype(np.int64))


def _nodes(graph: Graph, trees: list[Any], is_leaf: list[np.ndarray]) -> dict[str, Any]:
    """Return the attributes of the nodes of all trees; leaves return their index."""
    sizes = [tree.node_count for tree in trees]
    numbers = np.concatenate([np.arange(size) for size in sizes])
    of_tree = np.repeat(np.arange(len(trees)), sizes)
    leaf = np.concatenate(is_leaf)
    column: dict[str, np.ndarray] = {
        name: np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("children_left", "children_right", "feature", "threshold")
    }
    # Direction of missing values; trees fitted without any use the comparison.
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
