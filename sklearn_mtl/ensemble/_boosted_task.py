"""Histogram gradient boosting of one task, stopped on samples that are held out."""

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

#: Bins of a column; scikit-learn takes no more categories than that. Of 255 bins, its
#: default, the search for splits takes twice as long where samples are few.
MOST_CATEGORIES = 63
# Chosen among six settings by the loss on held-out parts of the training samples of
# twelve tables (docs/guide/accurate_mode.rst).
_TREES: dict[str, Any] = {
    "learning_rate": 0.2,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 10,
    "max_features": 0.5,
    "l2_regularization": 1.0,
    "max_bins": MOST_CATEGORIES,
    "n_iter_no_change": 10,
}
# A round grows a tree for each of several classes: many classes get fewer rounds.
_MOST_TREES, _FEWEST_ROUNDS = 300, 30
# Of the loss of the best constant: a smaller gain in all of the last trees is none.
_TOL = 1e-4


@dataclass(frozen=True)
class Part:
    """Samples that have a label of one task.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        NaN where missing.
    codes, weights : ndarray of shape (n_samples,)
        Class codes or values, and positive weights.
    """

    X: np.ndarray
    codes: np.ndarray
    weights: np.ndarray

    @classmethod
    def read(cls, X: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> Part:
        """Leave out the samples without a label."""
        seen = weights > 0
        return cls(X[seen], codes[seen], weights[seen])

    def take(self, chosen: np.ndarray) -> Part:
        """Return some of the samples."""
        return Part(self.X[chosen], self.codes[chosen], self.weights[chosen])


@dataclass(frozen=True)
class BoostedTask:
    """A fitted booster and the classes that it knows.

    Attributes
    ----------
    model : HistGradientBoostingClassifier or HistGradientBoostingRegressor
        Fitted to numbers of the classes that occur, or to values.
    classes : ndarray of shape (n_known_classes,) or None
        The class codes of its columns; None for a regression.
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
        """Add trees until the loss on `stop` has not fallen for a while.

        Returns None where there are no two labels to tell, or no label to stop on.
        Shapes: is_category (n_features,).
        """
        kind, classes = HistGradientBoostingRegressor, None
        train_y, stop_y = train.codes, stop.codes
        if task.is_classification:
            kind, classes = HistGradientBoostingClassifier, np.unique(train.codes)
            # A class that has not been trained on has no loss.
            stop = stop.take(np.isin(stop.codes, classes))
            train_y = np.searchsorted(classes, train.codes)
            stop_y = np.searchsorted(classes, stop.codes)
        if not len(stop_y) or not len(train_y) or not np.ptp(train_y) > 0:
            return None
        n_trees = 1 if classes is None or len(classes) == 2 else len(classes)
        mean = train.weights.mean()  # the penalty must not depend on their unit
        model = kind(
            **_TREES,
            max_iter=max(_MOST_TREES // n_trees, _FEWEST_ROUNDS),
            categorical_features=is_category if is_category.any() else None,
            early_stopping=True,
            tol=_TOL * _prior_loss(task, train),
            random_state=seed,
        ).fit(
            # scikit-learn 1.9 has no bins for a column without a value
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
        """Return the loss on the part that stopped it after 1, 2, ... trees."""
        return -self.model.validation_score_[1:]

    def first(self, n_trees: int) -> BoostedTask:
        """Return the booster of the first trees of each class."""
        model = copy.copy(self.model)
        # scikit-learn 0.21 to 1.9. Fallback: fit again with max_iter=n_trees.
        model._predictors = model._predictors[:n_trees]
        model.train_score_ = model.train_score_[: n_trees + 1]
        model.validation_score_ = model.validation_score_[: n_trees + 1]
        # The compiled loss alone could not be saved without skops.
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
    """Return X with the values of each column moved to the nearest of 63 quantiles.

    Of so few values scikit-learn takes the midpoints for thresholds, so trees send a
    value as it was to the same side. Its own quantiles are searched in every fit, and
    with weights take longer than the trees (scikit-learn 1.9).

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
        middle = kept[:-1] / 2 + kept[1:] / 2  # a sum of two could overflow
        X[seen, j] = kept[np.searchsorted(middle, column)]
    return X


def best_length(models: Iterable[BoostedTask]) -> int:
    """Return the number of trees with the lowest loss in the mean over models."""
    curves = [model.losses() for model in models]
    longest = max(map(len, curves))
    # A model that was stopped keeps the loss that it had, which was on its way up.
    padded = [np.append(c, np.full(longest - len(c), c[-1])) for c in curves]
    return int(np.argmin(np.mean(padded, axis=0))) + 1


def _prior_loss(task: Task, train: Part) -> float:
    """Return the loss of the best constant, in the unit of early stopping."""
    share = train.weights / train.weights.sum()
    if task.is_classification:
        counts = np.bincount(train.codes.astype(np.intp), share)
        counts = counts[counts > 0]
        return float(-np.sum(counts * np.log(counts)))
    centred = train.codes - share @ train.codes
    return float(0.5 * (share @ centred**2))  # half the squared error
