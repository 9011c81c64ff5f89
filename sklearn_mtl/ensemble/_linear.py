"""Linear member of blends: ridge regression of each task."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, RegressorTags, Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.ensemble._alphas import ALPHAS, choose_alphas, generalised_losses
from sklearn_mtl.ensemble._calibration import Calibration
from sklearn_mtl.ensemble._encoding import TargetEncoding
from sklearn_mtl.ensemble._held_scores import HeldScores, RidgeData, Split
from sklearn_mtl.ensemble._reading import SMALL, read_labels
from sklearn_mtl.ensemble._ridge import find_axes, solve_ridge
from sklearn_mtl.model_selection import make_folds
from sklearn_mtl.neural_network import (
    Labels,
    read_validation_inputs,
    read_validation_labels,
)
from sklearn_mtl.preprocessing import (
    Preparation,
    ReadInputs,
    SparsePreparation,
    Table,
    TablePreparation,
    WideColumns,
    WidePreparation,
    is_wide,
    read_inputs,
)
from sklearn_mtl.tasks import ClassOutputsMixin, TaskSet
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._private import StrOptions
from sklearn_mtl.utils._random import draw_seed
from sklearn_mtl.utils._typing import FeaturesLike, Matrix, Seed, TargetsLike, TaskTypes

__all__ = ["RidgeMember"]

N_FOLDS = 5


class RidgeMember(ClassOutputsMixin, BaseEstimator):
    """Ridge regression of each task with an alpha chosen on held-out samples.

    Classes are encoded as indicators. A softmax that is fitted to out-of-fold scores
    converts their scores to probabilities. The tasks share the principal axes of X and
    the folds. The alpha of a task minimises a weighted mean of its own loss and the
    mean loss over tasks. The weight of its own loss increases with its number of
    labels.

    With up to 100 samples, alpha is chosen by generalised cross-validation, and
    probabilities are scores clipped to the unit interval.

    Parameters
    ----------
    task_types : str, sequence or dict, default=None
        Types of the tasks, "classification" or "regression", for all tasks, in task
        order, or by task name. None infers the types from the labels.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that are one-hot encoded.
    on_empty_task : {"raise", "warn"}, default="raise"
        Whether to raise an error for a task without observed labels, or to issue a
        warning and predict NaN.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the folds.
    """

    _kind = "mixed"
    task_set_: TaskSet
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "task_types": [str, dict, "array-like", None],
        "categorical_features": [str, "array-like", None],
        "on_empty_task": [StrOptions({"raise", "warn"})],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        *,
        task_types: TaskTypes | None = None,
        categorical_features: str | ArrayLike | None = "from_dtype",
        on_empty_task: str = "raise",
        random_state: Seed = None,
    ) -> None:
        self.task_types = task_types
        self.categorical_features = categorical_features
        self.on_empty_task = on_empty_task
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        X_val: FeaturesLike | None = None,
        y_val: TargetsLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> RidgeMember:
        """Fit all tasks.

        Shapes: X (n_samples, n_features), y (n_samples,) or (n_samples,
        n_tasks), sample_weight (n_samples,) or (n_samples, n_tasks), groups
        (n_samples,).
        """
        given = HoldOut.read(
            type(self).__name__, X, groups, X_val, y_val, sample_weight_val
        )
        X = read_inputs(self, X, "table", reset=True)
        self.task_set_, labels = read_labels(self, X, y, sample_weight)
        self._preparation = _make_preparation(X)
        self._preparation.fit(X, labels.row_weights[None], lambda m: labels.codes)
        design = self._design(X)
        self._encoding = TargetEncoding.learn(
            self.task_set_, labels.codes, labels.weights
        )
        seed = draw_seed(self.random_state)
        has_folds = not given.has_validation and self._has_folds(
            len(labels.codes), given
        )
        self._axes = find_axes(
            design,
            labels.row_weights,
            seed % 2**32,
            may_stay_sparse=has_folds or given.has_validation,
        )
        self._calibrations: dict[int, Calibration] = {}
        self._oof: list[np.ndarray] | None = None
        data, held, found = self._ridge_data(design, labels), labels, None
        if given.has_validation:
            X = read_validation_inputs(
                self, given, partial(read_inputs, self, wanted="table", reset=False)
            )
            held = read_validation_labels(
                self, given, self.task_set_, labels, sample_weight
            )
            test = self._ridge_data(self._design(X), held)
            found = HeldScores.compute([(data, test, np.arange(len(held.codes)))])
        elif has_folds:
            found = HeldScores.compute(self._splits(data, labels, given, seed))
        scores = self._solve(data, found, held)
        if scores is not None and not given.has_validation:
            self._oof = self._outputs(scores)
        return self

    def _design(self, X: ReadInputs) -> Matrix:
        """Return the prepared columns."""
        prepared = self._preparation.transform(X)
        return prepared.matrix if isinstance(prepared, WideColumns) else prepared

    def _ridge_data(self, design: Any, labels: Labels) -> RidgeData:
        weights = labels.weights[:, self._encoding.task_of_column]
        Z = self._axes.coordinates(design)
        return RidgeData(Z, self._encoding.encode(labels.codes), weights)

    def _has_folds(self, n_samples: int, given: HoldOut) -> bool:
        """Return whether samples are held out; small data need groups for this."""
        if given.has_validation:
            return False
        if given.group is None:
            return n_samples > SMALL
        return given.can_divide(type(self).__name__)

    def _splits(
        self, data: RidgeData, labels: Labels, given: HoldOut, seed: int
    ) -> Iterator[Split]:
        """Yield the training and test data of each fold."""
        n_folds = N_FOLDS
        if given.group is not None:
            n_folds = min(n_folds, len(np.unique(given.group)))
        part = make_folds(
            self.task_set_,
            labels.codes,
            n_folds,
            rng=np.random.default_rng(seed),
            group=given.group,
        )
        for fold in range(n_folds):
            rows = np.flatnonzero(part == fold)
            yield data.take(np.flatnonzero(part != fold)), data.take(rows), rows

    def _solve(
        self, data: RidgeData, found: HeldScores | None, held: Labels
    ) -> np.ndarray | None:
        """Choose alphas, fit all samples, calibrate, and return held-out scores."""
        if found is None:
            losses = generalised_losses(data.Z, data.targets, data.weights)
        else:
            losses = found.losses
        chosen = choose_alphas(losses, held.weights, self._encoding)
        alphas = ALPHAS[chosen][None]
        whole = data.Z, data.targets, data.weights
        self._coefficients = solve_ridge(*whole, alphas)[0]
        if found is None:
            return None
        scores = found.scores(chosen)
        for t, place in self._encoding.places:
            is_known = ~np.isnan(scores[:, place]).any(axis=1)
            seen = (held.weights[:, t] > 0) & is_known
            if self.task_set_.tasks[t].is_classification and seen.any():
                self._calibrations[t] = Calibration.learn(
                    _of_classes(scores[seen, place]),
                    held.codes[seen, t].astype(np.intp),
                    held.weights[seen, t],
                )
        return scores

    @property
    def oof_prediction_(self) -> Any:
        """Out-of-fold predictions of the training samples.

        Probabilities (n_samples, n_classes) or values (n_samples,), in a list if y was
        2-D.
        """
        check_is_fitted(self)
        if self._oof is None:
            raise AttributeError(
                f"{type(self).__name__}: oof_prediction_ is only available if training "
                f"samples were held out: with more than {SMALL} samples or with "
                "groups, and without X_val."
            )
        return self._oof[0] if self.task_set_.is_1d else self._oof

    def _outputs(self, scores: np.ndarray) -> list[np.ndarray]:
        outputs = self._encoding.decode(scores)
        for t, place in self._encoding.places:
            if t in self._calibrations:
                outputs[t] = self._calibrations[t].apply(_of_classes(scores[:, place]))
        return outputs

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        check_is_fitted(self)
        design = self._design(read_inputs(self, X, "table", reset=False))
        return self._outputs(self._axes.coordinates(design) @ self._coefficients)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there are coefficients."""
        return hasattr(self, "_coefficients")

    def __sklearn_tags__(self) -> Tags:
        """Declare missing and sparse inputs, and several outputs of both types."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.classifier_tags = ClassifierTags(multi_label=True)
        tags.regressor_tags = RegressorTags()
        return tags


def _make_preparation(X: ReadInputs) -> Preparation:
    """Return the unfitted preparation for a table or a sparse matrix."""
    if isinstance(X, Table):
        return TablePreparation(None)
    return WidePreparation() if is_wide(X) else SparsePreparation()


def _of_classes(scores: np.ndarray) -> np.ndarray:
    """Return one score per class, given the score of the second class if binary."""
    return scores if scores.shape[1] > 1 else np.hstack([-scores, scores])
