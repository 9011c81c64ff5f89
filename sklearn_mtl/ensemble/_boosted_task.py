"""Histogram gradient boosting of one task with early stopping on held-out samples."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from sklearn_mtl.tasks import Task

__all__ = [
    "MOST_CATEGORIES",
    "BoostedTask",
    "Part",
    "best_length",
    "with_few_values",
]

#: Maximum number of bins, and thus of categories, of a column. With 255 bins, the
#: default of scikit-learn, splits of small tables take twice as long to find.
MOST_CATEGORIES = 63
# Chosen among six settings by the loss on held-out training samples of twelve tables
# (docs/guide/accurate_mode.rst).
_TREES: dict[str, Any] = {
    "learning_rate": 0.2,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 10,
    "max_features": 0.5,
    "l2_regularization": 1.0,
    "max_bins": MOST_CATEGORIES,
    "n_iter_no_change": 10,
}
# An iteration grows one tree per class, so many classes get fewer iterations.
_MOST_TREES, _FEWEST_ROUNDS = 300, 30
# Tolerance of early stopping relative to the loss of the best constant.
_TOL = 1e-4


@dataclass(frozen=True)
class Part:
    """Samples with a label of one task.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Input data; NaN where missing.
    codes, weights : ndarray of shape (n_samples,)
        Class codes or values, and positive weights.
    """

    X: np.ndarray
    codes: np.ndarray
    weights: np.ndarray

    @classmethod
    def read(cls, X: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> Part:
        """Select the samples with a label."""
        seen = weights > 0
        return cls(X[seen], codes[seen], weights[seen])

    def take(self, chosen: np.ndarray) -> Part:
        """Return some of the samples."""
        return Part(self.X[chosen], self.codes[chosen], self.weights[chosen])


@dataclass(frozen=True)
class BoostedTask:
    """Fitted gradient boosting model of one task.

    Attributes
    ----------
    model : HistGradientBoostingClassifier or HistGradientBoostingRegressor
        Model fitted to indices into `classes`, or to values.
    classes : ndarray of shape (n_known_classes,) or None
        Codes of the classes in the training samples; None for a regression task.
    n_classes : int
        Number of classes of the task.
    """

    model: Any
    classes: np.ndarray | None
    n_classes: int

    @classmethod
    def fit(
        cls, task: Task, train: Part, stop: Part, is_category: np.ndarray, seed: int
    ) -> BoostedTask | None:
        """Fit a model with early stopping on the samples `stop`.

        Returns None if all training labels are equal, or no label can be used for early
        stopping. Shapes: is_category (n_features,).
        """
        kind, classes = HistGradientBoostingRegressor, None
        train_y, stop_y = train.codes, stop.codes
        if task.is_classification:
            kind, classes = HistGradientBoostingClassifier, np.unique(train.codes)
            # The loss is undefined for classes without a training sample.
            stop = stop.take(np.isin(stop.codes, classes))
            train_y = np.searchsorted(classes, train.codes)
            stop_y = np.searchsorted(classes, stop.codes)
        if not len(stop_y) or not len(train_y) or not np.ptp(train_y) > 0:
            return None
        n_trees = 1 if classes is None or len(classes) == 2 else len(classes)
        # weights of mean 1, so that the penalty does not depend on their scale
        mean = train.weights.mean()
        model = kind(
            **_TREES,
            max_iter=max(_MOST_TREES // n_trees, _FEWEST_ROUNDS),
            categorical_features=is_category if is_category.any() else None,
            early_stopping=True,
            tol=_TOL * _prior_loss(task, train),
            random_state=seed,
        ).fit(
            # scikit-learn 1.9 cannot bin columns without any value
            np.where(np.isnan(train.X).all(axis=0), 0.0, train.X),
            train_y,
            sample_weight=train.weights / mean,
            X_val=stop.X,
            y_val=stop_y,
            sample_weight_val=stop.weights / mean,
        )
        codes = None if classes is None else classes.astype(np.intp)
        return cls(model, codes, task.n_classes if codes is not None else 0)

    def losses(self) -> np.ndarray:
        """Return the loss on the early-stopping samples after 1, 2, ... iterations."""
        return -self.model.validation_score_[1:]

    def first(self, n_trees: int) -> BoostedTask:
        """Return the model limited to the first trees of each class."""
        model = copy.copy(self.model)
        # scikit-learn 0.21 to 1.9. Fallback: fit again with max_iter=n_trees.
        model._predictors = model._predictors[:n_trees]
        model.train_score_ = model.train_score_[: n_trees + 1]
        model.validation_score_ = model.validation_score_[: n_trees + 1]
        # The compiled loss is the only part that save() could not write without skops.
        del model._loss
        return replace(self, model=model)

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities (n_samples, n_classes) or values (n_samples,)."""
        # scikit-learn 0.21 to 1.9. Fallback: predict and predict_proba, with the loss.
        raw = self.model._raw_predict(X)
        if self.classes is None:
            return raw[:, 0]
        out = np.zeros((len(X), self.n_classes))
        scores = raw if raw.shape[1] > 1 else np.hstack([-raw, raw]) / 2
        out[:, self.classes] = softmax(scores, axis=1)
        return out


def with_few_values(X: np.ndarray, is_category: np.ndarray) -> np.ndarray:
    """Return X with the values of each column rounded to the nearest of 63 quantiles.

    For so few values, scikit-learn uses the midpoints as thresholds, so trees make the
    same decisions for the original values. Otherwise each fit would compute quantiles,
    which takes longer than growing the trees if there are weights (scikit-learn 1.9).

    Shapes: X (n_samples, n_features), is_category (n_features,).
    """
    X = X.copy()
    at = (np.arange(MOST_CATEGORIES) + 0.5) / MOST_CATEGORIES
    for j in np.flatnonzero(~is_category):
        seen = ~np.isnan(X[:, j])
        column = X[seen, j]
        if len(np.unique(column)) <= MOST_CATEGORIES:
            continue
        kept = np.unique(np.quantile(column, at, method="inverted_cdf"))
        middle = kept[:-1] / 2 + kept[1:] / 2  # halved first to avoid overflow
        X[seen, j] = kept[np.searchsorted(middle, column)]
    return X


def best_length(models: Iterable[BoostedTask]) -> int:
    """Return the number of trees with the lowest mean loss over models."""
    curves = [model.losses() for model in models]
    longest = max(map(len, curves))
    # Extend the losses of models that stopped early by their last loss.
    padded = [np.append(c, np.full(longest - len(c), c[-1])) for c in curves]
    return int(np.argmin(np.mean(padded, axis=0))) + 1


def _prior_loss(task: Task, train: Part) -> float:
    """Return the loss of the best constant, as scikit-learn's early stopping does."""
    share = train.weights / train.weights.sum()
    if task.is_classification:
        counts = np.bincount(train.codes.astype(np.intp), share)
        counts = counts[counts > 0]
        return float(-np.sum(counts * np.log(counts)))
    centred = train.codes - share @ train.codes
    return float(0.5 * (share @ centred**2))  # scikit-learn halves the squared error
