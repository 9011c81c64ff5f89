"""Boosted member of blends: histogram gradient boosting of each task."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, RegressorTags, Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.ensemble._boosted_task import (
    MOST_CATEGORIES,
    BoostedTask,
    Part,
    best_length,
    with_few_values,
)
from sklearn_mtl.ensemble._encoding import constant_output
from sklearn_mtl.ensemble._reading import SMALL, read_labels
from sklearn_mtl.ensemble._simplex import best_loss, read_mixture_loss
from sklearn_mtl.model_selection import make_folds
from sklearn_mtl.neural_network import (
    Labels,
    read_validation_inputs,
    read_validation_labels,
)
from sklearn_mtl.preprocessing import Table, read_inputs
from sklearn_mtl.tasks import ClassOutputsMixin, Task, TaskSet
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._private import StrOptions, num_samples
from sklearn_mtl.utils._random import draw_seed, spawn_seeds
from sklearn_mtl.utils._typing import FeaturesLike, Seed, TargetsLike, TaskTypes

__all__ = ["BoostingMember"]

N_FOLDS = 5

# Minimum relative decrease of the loss of the blend on the first fold, as the mean over
# tasks. Smaller decreases do not justify the cost of the other folds.
LEAST_GAIN = 0.02

# out-of-fold outputs of each other member, one array per task
OtherOutputs = Sequence[list[np.ndarray]]


class BoostingMember(ClassOutputsMixin, BaseEstimator):
    """Gradient boosting of each task with one model per fold.

    Each model is fitted without its fold, and the prediction is the mean over the
    models. No model is fitted to all samples, so out-of-fold predictions need no
    further fits. The number of trees of a model is chosen on the other folds.

    Only tasks with more than 100 labels are boosted. No task is boosted if no samples
    can be held out, if X is sparse, or if boosting does not improve the blend enough on
    the first fold. Outputs of tasks that are not boosted are NaN.

    Parameters
    ----------
    task_types : str, sequence or dict, default=None
        Types of the tasks, "classification" or "regression", for all tasks, in task
        order, or by task name. None infers the types from the labels.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that are split by sets of categories.
    on_empty_task : {"raise", "warn"}, default="raise"
        Whether to raise an error for a task without observed labels, or to issue a
        warning and predict NaN.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the folds and of the features that each split considers.
    """

    _kind = "mixed"
    task_set_: TaskSet
    models_: list[list[BoostedTask]]
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
        other_outputs: OtherOutputs = (),
    ) -> BoostingMember:
        """Fit the models of all tasks.

        Shapes: X (n_samples, n_features), y (n_samples,) or (n_samples, n_tasks),
        sample_weight (n_samples,) or (n_samples, n_tasks), groups (n_samples,).
        """
        who = type(self).__name__
        given = HoldOut.read(who, X, groups, X_val, y_val, sample_weight_val)
        X = read_inputs(self, X, "table", reset=True)
        self.task_set_, labels = read_labels(self, X, y, sample_weight)
        self._reset(len(labels.codes))
        if sparse.issparse(X):
            return self
        self._is_category = self._category_columns(X)
        columns = with_few_values(_as_columns(X), self._is_category)
        if given.has_validation:
            read = partial(read_inputs, self, wanted="table", reset=False)
            new = _as_columns(read_validation_inputs(self, given, read))
            held = read_validation_labels(
                self, given, self.task_set_, labels, sample_weight
            )
            self._fit_once(columns, labels, new, held)
        elif num_samples(columns) > SMALL and given.can_divide(who):
            self._fit_folds(columns, labels, given, other_outputs)
        return self

    def _fit_once(
        self, columns: np.ndarray, labels: Labels, new: np.ndarray, held: Labels
    ) -> None:
        """Fit one model per task with early stopping on the validation set."""
        seed = draw_seed(self.random_state) % 2**32
        for t in self._tasks_to_boost(labels):
            train = Part.read(columns, labels.codes[:, t], labels.weights[:, t])
            stop = Part.read(new, held.codes[:, t], held.weights[:, t])
            task = self.task_set_.tasks[t]
            model = BoostedTask.fit(task, train, stop, self._is_category, seed)
            if model is not None:
                self.models_[t] = [model.first(best_length([model]))]

    def _fit_folds(
        self,
        columns: np.ndarray,
        labels: Labels,
        given: HoldOut,
        other_outputs: OtherOutputs,
    ) -> None:
        """Fit one model per task and fold and predict the fold with it."""
        n_folds, seed = N_FOLDS, draw_seed(self.random_state)
        if given.group is not None:
            n_folds = min(n_folds, len(np.unique(given.group)))
        part = make_folds(
            self.task_set_,
            labels.codes,
            n_folds,
            rng=np.random.default_rng(seed),
            group=given.group,
        )
        by_fold: list[dict[int, BoostedTask]] = []
        for fold, own in enumerate(spawn_seeds(seed, n_folds)):
            by_fold.append(self._fit_fold(columns, labels, part == fold, own % 2**32))
            if fold == 0 and other_outputs:
                rows = np.flatnonzero(part == 0)
                if not self._improves_blend(
                    by_fold[0], columns, labels, rows, other_outputs
                ):
                    return
        for t in range(self.task_set_.n_tasks):
            found = {k: models[t] for k, models in enumerate(by_fold) if t in models}
            if len(found) > 1:
                self._set_models(t, found, columns, part)

    def _fit_fold(
        self, columns: np.ndarray, labels: Labels, is_held: np.ndarray, seed: int
    ) -> dict[int, BoostedTask]:
        """Return a model of each task, with early stopping on held-out samples."""
        found = {}
        for t in self._tasks_to_boost(labels):
            codes, weights = labels.codes[:, t], labels.weights[:, t]
            train = Part.read(columns, codes, np.where(is_held, 0.0, weights))
            stop = Part.read(columns, codes, np.where(is_held, weights, 0.0))
            task = self.task_set_.tasks[t]
            model = BoostedTask.fit(task, train, stop, self._is_category, seed)
            if model is not None:
                found[t] = model
        return found

    def _improves_blend(
        self,
        found: dict[int, BoostedTask],
        columns: np.ndarray,
        labels: Labels,
        rows: np.ndarray,
        other_outputs: OtherOutputs,
    ) -> bool:
        """Return whether this member improves the blend enough on one fold."""
        gains = []
        for t, model in found.items():
            own = model.first(best_length([model])).outputs(columns[rows])
            others = [one[t][rows] for one in other_outputs]
            pair = [
                read_mixture_loss(
                    self.task_set_.tasks[t],
                    labels.codes[rows, t],
                    labels.weights[rows, t],
                    members,
                )
                for members in (others, [*others, own])
            ]
            losses = [best_loss(one) for one in pair if one is not None]
            if len(losses) == 2 and losses[0] > 0:
                gains.append(1.0 - losses[1] / losses[0])
        return bool(gains) and float(np.mean(gains)) > LEAST_GAIN

    def _set_models(
        self,
        t: int,
        found: dict[int, BoostedTask],
        columns: np.ndarray,
        part: np.ndarray,
    ) -> None:
        """Limit the model of each fold to the best number of trees of the others."""
        for fold, model in found.items():
            # Its own fold, which stopped it, would give an optimistic loss.
            others = [one for k, one in found.items() if k != fold]
            kept = model.first(best_length(others))
            self.models_[t].append(kept)
            is_held = part == fold
            self._oof[t][is_held] = kept.outputs(columns[is_held])

    def _reset(self, n_samples: int) -> None:
        """Remove all models."""
        self.models_ = [[] for _ in self.task_set_.tasks]
        self._oof = self._blank(n_samples)

    def _tasks_to_boost(self, labels: Labels) -> list[int]:
        """Return the indices of the tasks with enough labels."""
        is_many = np.sum(labels.weights > 0, axis=0) > SMALL
        return np.flatnonzero(is_many).tolist()

    def _category_columns(self, X: Table) -> np.ndarray:
        """Return which columns are split by categories, (n_features,) bool."""
        out = np.zeros(X.shape[1], dtype=bool)
        if X.categorical is not None:
            sizes = np.array([len(column.codes) for column in self._categories])
            out[X.numeric.shape[1] :] = sizes <= MOST_CATEGORIES
        return out

    @property
    def is_boosted_(self) -> np.ndarray:
        """Whether each task is boosted, (n_tasks,)."""
        check_is_fitted(self)
        return np.array([bool(models) for models in self.models_])

    @property
    def oof_prediction_(self) -> Any:
        """Out-of-fold predictions of the training samples.

        Probabilities (n_samples, n_classes) or values (n_samples,), in a list if y was
        2-D; NaN for tasks that are not boosted.
        """
        check_is_fitted(self)
        return self._oof[0] if self.task_set_.is_1d else self._oof

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        check_is_fitted(self)
        X = read_inputs(self, X, "table", reset=False)
        outputs = self._blank(X.shape[0])
        if not self.is_boosted_.any():
            return outputs
        columns = _as_columns(X)
        for t, models in enumerate(self.models_):
            if models:
                outputs[t] = np.mean([one.outputs(columns) for one in models], axis=0)
        return outputs

    def _blank(self, n_samples: int) -> list[np.ndarray]:
        """Return the outputs of all tasks if none is boosted."""
        return [_unknown(task, n_samples) for task in self.task_set_.tasks]

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether fit was called."""
        return hasattr(self, "models_")

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


def _as_columns(X: Table) -> np.ndarray:
    """Return numeric columns and then category codes, with NaN where unknown."""
    if X.categorical is None:
        return X.numeric
    codes = np.where(X.categorical < 0, np.nan, X.categorical)
    return np.hstack([X.numeric, codes])


def _unknown(task: Task, n_samples: int) -> np.ndarray:
    """Return NaN, or the constant output of a task with at most one class."""
    if task.kind in ("constant", "empty"):
        return constant_output(task, n_samples)
    if task.is_classification:
        return np.full((n_samples, task.n_classes), np.nan)
    return np.full(n_samples, np.nan)
