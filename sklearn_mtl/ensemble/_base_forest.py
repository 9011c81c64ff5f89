"""Base class of the forests."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.ensemble._encoding import TargetEncoding, few_digits
from sklearn_mtl.ensemble._reading import SMALL, read_labels
from sklearn_mtl.ensemble._trees import (
    GroupDraws,
    LeafRatio,
    grow_forest,
    leaf_means,
    out_of_bag_means,
)
from sklearn_mtl.neural_network import Labels
from sklearn_mtl.preprocessing import column_scales, read_inputs
from sklearn_mtl.tasks import TaskSet, cell_weights, warn_of_small_weights
from sklearn_mtl.uncertainty import CalibrationData
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import Interval, StrOptions
from sklearn_mtl.utils._random import draw_seed
from sklearn_mtl.utils._typing import FeaturesLike, Matrix, TargetsLike

__all__ = ["FOREST_CONSTRAINTS", "LARGEST", "BaseMultiTaskForest"]

FOREST_CONSTRAINTS: dict[str, list[Any]] = {
    "n_estimators": [Interval(Integral, 1, None, closed="left")],
    "max_features": [
        Interval(Integral, 1, None, closed="left"),
        Interval(Real, 0.0, 1.0, closed="right"),
        StrOptions({"auto", "sqrt", "log2"}),
        None,
    ],
    "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
    "max_depth": [Interval(Integral, 1, None, closed="left"), None],
    "bootstrap": ["boolean", StrOptions({"auto"})],
    "categorical_features": [str, "array-like", None],
    "on_empty_task": [StrOptions({"raise", "warn"})],
    "n_jobs": [Integral, None],
    "random_state": ["random_state", np.random.Generator],
}


#: Maximum absolute value of inputs: sums of larger float32 values could overflow.
LARGEST = 1e30
# Fraction and maximum number of features for max_features="auto", chosen together with
# the size of leaves on held-out parts of real tables.
_SHARE, _CANDIDATES = 0.6, 40


class BaseMultiTaskForest(BaseEstimator):
    """Base class that fits a forest to all tasks and predicts them.

    Subclasses add the constructor and mixins for the types of their outputs.
    """

    _kind: str
    task_set_: TaskSet
    forest_: RandomForestRegressor | None
    _scales: np.ndarray | None
    _oof: list[np.ndarray] | None
    _calibration: CalibrationData | None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = FOREST_CONSTRAINTS

    # like scikit-learn's group splitters: groups are always used if they are passed
    __metadata_request__fit = {"groups": True}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> BaseMultiTaskForest:
        """Fit one forest to all tasks.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Input data. Missing values are NaN; trees learn how to split on them.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values. NaN, None, pandas.NA and pandas.NaT are missing labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights per sample or per label.
        groups : array-like of shape (n_samples,), default=None
            Group labels of the samples, such as patient identifiers. With bootstrap,
            trees draw whole groups, so that the out-of-bag prediction of a sample is
            made by trees that have not seen its group.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TaskError
            If a task has no label or labels of a wrong type.
        ValueError
            If X, the weights or the groups are invalid.

        Warns
        -----
        UserWarning
            If all samples are in one group, in which case no sample is out of bag.
        MissingLabelWarning
            If all labels of a task are in one group, in which case its out-of-bag
            predictions are missing.
        FreeTextWarning
            If a column of free text is treated as categories.
        """
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        given = HoldOut.read(who, X, groups)
        X = read_inputs(self, X, "table", reset=True)
        self.task_set_, labels = read_labels(self, X, y, sample_weight)
        labels = self._rounded(labels, sample_weight)
        numbers = X if sparse.issparse(X) else X.numeric
        self._scales = column_scales(numbers)
        self._grow(self._as_numbers(X), labels, given)
        return self

    def _grow(self, X: Matrix, labels: Labels, given: HoldOut) -> None:
        """Fit the forest to the samples with a label of positive weight."""
        rows = np.flatnonzero(labels.weights.any(axis=1))
        # `labels.row_weights` does not include class weights.
        codes, row_weights = labels.codes[rows], labels.weights[rows].max(axis=1)
        # The weight of a sample is the largest weight of its labels, and the weights of
        # its labels are relative to this.
        label_weights = labels.weights[rows] / row_weights[:, None]
        encoding = TargetEncoding.learn(self.task_set_, codes, labels.weights[rows])
        self._ratio, shares = LeafRatio.learn(encoding, label_weights, row_weights)
        self.forest_ = self._oof = self._calibration = None
        if not encoding.n_columns:
            return
        targets = self._ratio.targets(codes, label_weights, shares)
        params = self._params_of_trees(row_weights)
        own, draws, is_bagged = X[rows], None, params["bootstrap"]
        if is_bagged and given.group is not None:
            draws = self._draw_groups(given, rows, labels)
            is_bagged = draws is not None
        part = None if draws is None else draws.take(rows)
        self.forest_ = grow_forest(own, targets, row_weights, part, **params)
        if is_bagged:
            self._oof = self._out_of_bag(X, rows, draws)
            for t, group in given.lone_tasks(labels.weights > 0).items():
                self._oof[t][given.group == group] = np.nan
            self._calibration = CalibrationData.of_fit(
                self.task_set_.tasks,
                self._oof,
                labels.codes,
                labels.sample_weights,
                given.group,
            )

    def _rounded(self, labels: Labels, sample_weight: ArrayLike | None) -> Labels:
        """Return labels with rounded weights, whose sums are exact."""
        # Sample and class weights are rounded separately, so that equal weights of both
        # kinds give the same forest, and integer weights that of repeated samples.
        plain = cell_weights(
            self.task_set_, labels.codes, sample_weight, None, type(self).__name__
        )
        factors = labels.weights / np.where(plain > 0, plain, 1.0)
        return replace(labels, weights=few_digits(plain) * few_digits(factors))

    def _draw_groups(
        self, given: HoldOut, rows: np.ndarray, labels: Labels
    ) -> GroupDraws | None:
        """Return draws of groups with labels, or None if there is only one group."""
        assert given.group is not None  # for the type checker
        who, labelled = type(self).__name__, given.group[rows]
        if not HoldOut(labelled).can_divide(who):
            return None
        given.warn_of_lone_tasks(self.task_set_, labels.weights > 0, who)
        seed = draw_seed(self.random_state) % 2**32
        return GroupDraws(given.group, np.unique(labelled), seed)

    def _out_of_bag(
        self, X: Matrix, rows: np.ndarray, draws: GroupDraws | None
    ) -> list[np.ndarray]:
        """Return the out-of-bag outputs of all samples."""
        assert self.forest_ is not None  # for the type checker
        if draws is not None:
            return self._ratio.outputs(out_of_bag_means(self.forest_, X, draws))
        means = np.full((X.shape[0], self.forest_.n_outputs_), np.nan)
        means[rows] = out_of_bag_means(self.forest_, X[rows])
        others = np.setdiff1d(np.arange(X.shape[0]), rows)
        if len(others):  # samples without labels, which no tree has seen
            means[others] = leaf_means(self.forest_, X[others])
        return self._ratio.outputs(means)

    def _params_of_trees(self, row_weights: np.ndarray) -> dict[str, Any]:
        bootstrap = self.bootstrap
        if bootstrap == "auto":
            bootstrap = len(row_weights) > SMALL
        leaf: dict[str, Any] = {"min_samples_leaf": self.min_samples_leaf}
        if not bootstrap:
            who, total = type(self).__name__, row_weights.sum()
            warn_of_small_weights(total, len(row_weights), who)
            # The leaf size counts weight, so that a weight of 2 is equivalent to
            # repeating the sample. scikit-learn requires a fraction of at most 0.5.
            share = min(self.min_samples_leaf / total, 0.5)
            leaf = {"min_weight_fraction_leaf": share}
        return {
            "n_estimators": self.n_estimators,
            "max_features": self._n_candidates(),
            "max_depth": self.max_depth,
            "bootstrap": bool(bootstrap),
            "n_jobs": self.n_jobs,
            "random_state": draw_seed(self.random_state) % 2**32,
            **leaf,
        }

    def _n_candidates(self) -> Any:
        """Return the number of features to consider for each split."""
        if self.max_features != "auto":
            return self.max_features
        n_features = self.n_features_in_
        few = min(_SHARE * n_features, _CANDIDATES)
        return max(1, int(few), int(np.sqrt(n_features)))

    def _forget_calibration(self) -> None:
        self._calibration = None

    def _calibration_data(self) -> CalibrationData:
        if self._calibration is None:
            raise ValueError(
                f"{type(self).__name__}: intervals and sets need out-of-bag "
                "predictions. Fit the forest with bootstrap=True (the default 'auto' "
                f"uses it for more than {SMALL} samples) and more than one group, or "
                "fit a ConformalPredictor with this forest."
            )
        return self._calibration

    @property
    def oof_prediction_(self) -> Any:
        """Out-of-bag predictions of the training samples.

        They are the means over the trees that have not drawn the sample. Probabilities
        (n_samples, n_classes) or values (n_samples,), in a list if y was 2-D.
        """
        check_is_fitted(self)
        if self._oof is None:
            raise AttributeError(
                f"{type(self).__name__}: oof_prediction_ is only available with "
                f"bootstrap, which 'auto' uses for more than {SMALL} samples, and with "
                "more than one group."
            )
        return self._oof[0] if self.task_set_.is_1d else self._oof

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        check_is_fitted(self)
        X = self._as_numbers(read_inputs(self, X, "table", reset=False))
        if self.forest_ is None:
            return self._ratio.outputs(np.empty((X.shape[0], 0)))
        return self._ratio.outputs(leaf_means(self.forest_, X))

    def _as_numbers(self, X: Any) -> Any:
        """Return X in float32, with ordinal codes of categories."""
        scales = self._scales
        if sparse.issparse(X):
            X = X.copy() if scales is None else (X @ sparse.diags_array(scales)).tocsr()
            X.data = _as_float32(X.data)
            if max(X.nnz, X.shape[1]) <= np.iinfo(np.int32).max:
                # scikit-learn's trees only accept int32 indices
                X.indices = X.indices.astype(np.int32, copy=False)
                X.indptr = X.indptr.astype(np.int32, copy=False)
            return X
        numeric = _as_float32(X.numeric if scales is None else X.numeric * scales)
        if X.categorical is None:
            return numeric
        out = np.empty(X.shape, dtype=np.float32)
        out[:, ~self.is_categorical_] = numeric
        codes = X.categorical
        out[:, self.is_categorical_] = np.where(codes < 0, np.nan, codes)
        return out

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether fit was called."""
        return hasattr(self, "_ratio")

    def __sklearn_tags__(self) -> Tags:
        """Declare missing and sparse inputs, and several outputs."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags


def _as_float32(values: np.ndarray) -> np.ndarray:
    """Return values in float32 for trees, clipped to a finite range."""
    # scikit-learn's check sums all values, which must not overflow either.
    with np.errstate(over="ignore"):
        out = values.astype(np.float32)
    return np.clip(out, -LARGEST, LARGEST, out=out)
