"""What compiled code of scikit-learn relies on when a model predicts."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.persistence._private import (
    BaseDecisionTree,
    BaseForest,
    BaseGradientBoosting,
    BaseHistGradientBoosting,
)
from sklearn_mtl.persistence._trees import check_histogram_tree

__all__ = ["check_estimator"]


def check_estimator(model: Any) -> None:
    """Raise ValueError if a model's trees read other features than it checks X for."""
    n_features = (
        vars(model).get("n_features_in_") if hasattr(model, "__dict__") else None
    )
    if isinstance(model, BaseDecisionTree) and hasattr(model, "tree_"):
        trees = [model.tree_]
    elif isinstance(model, BaseForest | BaseGradientBoosting):
        trees = [tree.tree_ for tree in np.ravel(getattr(model, "estimators_", []))]
    else:
        trees = []
    if any(tree.n_features != n_features for tree in trees):
        raise ValueError(f"a tree is not of the {n_features} features of its model")
    if isinstance(model, BaseHistGradientBoosting):
        # Trees number the features as the encoder of their model puts them.
        is_categorical = getattr(model, "_is_categorical_remapped", None)
        for predictor in np.ravel(getattr(model, "_predictors", [])):
            check_histogram_tree(predictor.nodes, n_features)
            _check_categories(predictor, is_categorical)


def _check_categories(predictor: Any, is_categorical: np.ndarray | None) -> None:
    """Raise if a split by categories has no set of them, or no such feature."""
    nodes = predictor.nodes
    splits = nodes[nodes["is_categorical"].astype(bool) & (nodes["is_leaf"] == 0)]
    if not len(splits):
        return
    known = np.zeros(0, dtype=bool) if is_categorical is None else is_categorical
    sets = (predictor.raw_left_cat_bitsets, predictor.binned_left_cat_bitsets)
    n_sets = min(len(one) if one.shape[1:] == (8,) else 0 for one in sets)
    features = splits["feature_idx"]
    if splits["bitset_idx"].max() >= n_sets or features.max() >= len(known):
        raise ValueError("a tree splits by categories that are not there")
    if not known[features].all():
        raise ValueError("a tree splits by categories of a number")
