"""Checks of the attributes that compiled code of scikit-learn uses for predictions.

In scikit-learn, fit guarantees that these attributes are consistent, and predict does
not check them again. With an invalid index it would read or write outside of a table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.ensemble import IsolationForest
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import OneHotEncoder

from sklearn_mtl.persistence._private import (
    BaseDecisionTree,
    BaseForest,
    BaseGradientBoosting,
    BaseHistGradientBoosting,
    BaseLibSVM,
    NeighborsBase,
)
from sklearn_mtl.persistence._trees import check_histogram_tree

__all__ = ["check_estimator"]


def check_estimator(model: Any) -> None:
    """Raise ValueError if predictions of compiled code could leave its tables."""
    attributes = getattr(model, "__dict__", {})
    for cls, fitted, check in CHECKS:
        if isinstance(model, cls) and fitted in attributes:
            check(model)


def _require(condition: Any, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _check_trees(model: Any) -> None:
    """Raise if trees have another number of features than their model."""
    n_features = model.n_features_in_
    is_one = isinstance(model, BaseDecisionTree)
    trees = [model] if is_one else np.ravel(model.estimators_)
    _require(
        all(tree.tree_.n_features == n_features for tree in trees),
        f"a tree does not have the {n_features} features of its model",
    )


def _check_isolation(model: Any) -> None:
    n_features = model.n_features_in_
    takes_all = model._max_features == n_features
    for tree, columns in zip(
        model.estimators_, model.estimators_features_, strict=True
    ):
        n_given = n_features if takes_all else len(columns)
        _require(
            tree.tree_.n_features == n_given,
            f"a tree does not have the {n_given} features that it receives",
        )


def _check_gradient_boosting(model: Any) -> None:
    _check_trees(model)
    n_columns = model.n_trees_per_iteration_
    is_multiclass = is_classifier(model) and len(model.classes_) > 2
    expected = len(model.classes_) if is_multiclass else 1
    # Each tree of an iteration adds to one column of the predictions of `init_`.
    shape = model.estimators_.shape
    _require(
        n_columns == expected == model._raw_predict_init(_row(model)).shape[1]
        and len(shape) == 2
        and shape[1] == n_columns,
        f"the array of trees has shape {shape}; it must be (n_iterations, {expected})",
    )


def _row(model: Any) -> np.ndarray:
    return np.zeros((1, model.n_features_in_), dtype=np.float32)


def _check_histograms(model: Any) -> None:
    """Raise if trees use features or categories that do not exist."""
    n_features = model.n_features_in_
    _require(
        model._n_features == n_features,
        f"the trees do not have the {n_features} features of the model",
    )
    # Trees index the features in the order of the encoder of their model.
    is_categorical = model._bin_mapper.is_categorical_
    for predictor in (one for row in model._predictors for one in row):
        check_histogram_tree(predictor.nodes, n_features)
        _check_categories(predictor, is_categorical)


def _check_categories(predictor: Any, is_categorical: np.ndarray | None) -> None:
    """Raise if a split on categories has no set of categories or no such feature."""
    nodes = predictor.nodes
    splits = nodes[nodes["is_categorical"].astype(bool) & (nodes["is_leaf"] == 0)]
    if not len(splits):
        return
    known = np.zeros(0, dtype=bool) if is_categorical is None else is_categorical
    sets = (predictor.raw_left_cat_bitsets, predictor.binned_left_cat_bitsets)
    n_sets = min(len(one) if one.shape[1:] == (8,) else 0 for one in sets)
    features = splits["feature_idx"]
    _require(
        splits["bitset_idx"].max() < n_sets and features.max() < len(known),
        "a tree splits on categories that do not exist",
    )
    _require(known[features].all(), "a tree splits on categories of a numeric feature")


def _check_neighbors(model: Any) -> None:
    rows = model._fit_X
    is_matrix = isinstance(rows, np.ndarray) or sparse.issparse(rows)
    _require(
        is_matrix and rows.ndim == 2 and rows.shape[1] == model.n_features_in_,
        f"the training data do not have {model.n_features_in_} features",
    )
    if not (is_classifier(model) and hasattr(model, "classes_")):
        return
    # Votes of neighbours are counted at the index of their class.
    labels = model._y.reshape(rows.shape[0], -1)
    classes = model.classes_ if isinstance(model.classes_, list) else [model.classes_]
    for column, known in zip(labels.T, classes, strict=True):
        _require(
            column.dtype.kind in "iu"
            and column.min() >= 0
            and column.max() < len(known),
            f"the labels of neighbours are not indices of {len(known)} classes",
        )


def _check_svm(model: Any) -> None:
    """Raise if the tables do not have the sizes that libsvm assumes."""
    support, counts = model.support_, model._n_support
    n_support, n_classes, is_sorting = len(support), len(counts), is_classifier(model)
    n_pairs = n_classes * (n_classes - 1) // 2
    vectors, weights = model.support_vectors_, model._dual_coef_
    is_precomputed = model.kernel == "precomputed" or callable(model.kernel)
    expected = (0, 0) if is_precomputed else (n_support, model.n_features_in_)
    n_weights = weights.data.size if sparse.issparse(weights) else weights.size
    probabilities = {model._probA.size, model._probB.size}
    _require(
        (vectors.shape == expected or (is_precomputed and len(vectors) == n_support))
        and sparse.issparse(vectors) == sparse.issparse(weights) == model._sparse
        and weights.shape == (n_classes - 1, n_support)
        and n_weights == (n_classes - 1) * n_support
        and model._intercept_.size == n_pairs
        and probabilities in ({0}, {n_pairs}, {0, 1})
        and (n_classes > 1 and counts.min() >= 0)
        and (not is_sorting or counts.sum() == n_support)
        and (is_sorting or n_classes == 2)
        and (not is_sorting or len(model.classes_) == n_classes)
        and (not n_support or support.min() >= 0)
        and (not n_support or support.max() < model.shape_fit_[0])
        and (not is_precomputed or model.shape_fit_[0] == model.n_features_in_),
        f"the tables of {n_support} support vectors are inconsistent",
    )


def _check_one_hot(model: Any) -> None:
    """Raise if a category would be encoded outside of the columns of its feature."""
    mappings = [None] * len(model.categories_)
    if model._infrequent_enabled:
        mappings = model._default_to_infrequent_mappings
    dropped = model._drop_idx_after_grouping
    dropped = [None] * len(mappings) if dropped is None else dropped
    columns = zip(
        model.categories_, mappings, dropped, model._n_features_outs, strict=True
    )
    for levels, mapping, drop, n_outs in columns:
        n_levels = len(levels) if mapping is None else int(np.max(mapping)) + 1
        _require(
            n_outs == n_levels - (drop is not None)
            and (drop is None or 0 <= drop < n_levels)
            and (
                mapping is None or (len(mapping) == len(levels) and min(mapping) >= 0)
            ),
            f"a feature with {n_levels} categories is encoded in {n_outs} columns",
        )


def _check_vocabulary(model: Any) -> None:
    places = model.vocabulary_.values()
    _require(
        all(
            isinstance(at, int | np.integer) and 0 <= at < len(places) for at in places
        ),
        f"a vocabulary of {len(places)} words has an index outside of its length",
    )


CHECKS: tuple[tuple[Any, str, Callable[[Any], None]], ...] = (
    (BaseDecisionTree, "tree_", _check_trees),
    (BaseForest, "estimators_", _check_trees),
    (IsolationForest, "estimators_", _check_isolation),
    (BaseGradientBoosting, "estimators_", _check_gradient_boosting),
    (BaseHistGradientBoosting, "_predictors", _check_histograms),
    (NeighborsBase, "_fit_X", _check_neighbors),
    (BaseLibSVM, "support_", _check_svm),
    (OneHotEncoder, "categories_", _check_one_hot),
    ((CountVectorizer, DictVectorizer), "vocabulary_", _check_vocabulary),
)
