"""The linear member: ridge regression of all tasks, with every fold for free."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, RegressorTags, Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.ensemble._calibration import Calibration
from sklearn_mtl.ensemble._encoding import TargetEncoding
from sklearn_mtl.ensemble._reading import SMALL, read_labels
from sklearn_mtl.ensemble._ridge import find_axes, solve_ridge
from sklearn_mtl.ensemble._strengths import STRENGTHS, choose, generalised_losses
from sklearn_mtl.model_selection._parts import equal_sizes, kfold_trains, make_parts
from sklearn_mtl.neural_network._data import Labels
from sklearn_mtl.neural_network._inputs import Table, read_inputs
from sklearn_mtl.neural_network._preparation import Preparation, SparsePreparation
from sklearn_mtl.neural_network._table import TablePreparation
from sklearn_mtl.utils import TaskSet
from sklearn_mtl.utils._outputs import ClassOutputsMixin
from sklearn_mtl.utils._private import StrOptions, fit_context
from sklearn_mtl.utils._random import draw_seed

__all__ = ["RidgeMember"]

N_FOLDS = 5
_ROUGH = 1e-3  # tolerance of fits that are only compared with each other


class RidgeMember(ClassOutputsMixin, BaseEstimator):
    """Ridge regression of every task, its strength chosen out of fold.

    Classes are regressed as indicators, and the scores turned into probabilities by a
    softmax that is fitted to out-of-fold scores. Tasks share the table's axes, the
    folds and, the less the fewer labels they have, the choice of the strength.

    Up to 100 rows the strength is chosen by generalised cross-validation, and
    probabilities are scores clamped to the unit interval.

    Parameters
    ----------
    task_types : str, sequence or dict, default=None
        "classification" or "regression", for all tasks, in order, or by name; None
        infers it.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that are one-hot encoded.
    on_empty_task : {"raise", "warn"}, default="raise"
        A task without any label is an error, or is predicted as NaN with a warning.
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
        task_types: Any = None,
        categorical_features: Any = "from_dtype",
        on_empty_task: str = "raise",
        random_state: Any = None,
    ) -> None:
        self.task_types = task_types
        self.categorical_features = categorical_features
        self.on_empty_task = on_empty_task
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> RidgeMember:
        """Fit all tasks.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs; NaN is imputed.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN where missing.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights of rows or cells.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        X = read_inputs(self, X, "table", reset=True)
        self.task_set_, labels = read_labels(self, X, y, sample_weight)
        is_table = isinstance(X, Table)
        self._preparation: Preparation = (
            TablePreparation(None) if is_table else SparsePreparation()
        )
        self._preparation.fit(X, labels.row_weights[None], lambda m: labels.codes)
        design = self._preparation.transform(X)
        self._encoding = TargetEncoding.learn(
            self.task_set_, labels.codes, labels.weights
        )
        seed = draw_seed(self.random_state)
        self._axes = find_axes(design, labels.row_weights, seed % 2**32)
        self._calibrations: dict[int, Calibration] = {}
        self._oof: list[np.ndarray] | None = None
        Z = self._axes.coordinates(design)
        targets = self._encoding.encode(labels.codes)
        weights = labels.weights[:, self._encoding.task_of_column]
        if len(Z) <= SMALL:
            losses = generalised_losses(Z, targets, weights)
            held_out = None
        else:
            held_out, losses = self._cross_validate(Z, targets, weights, labels, seed)
        chosen = choose(losses, labels.weights, self._encoding)
        strengths = STRENGTHS[chosen][None]
        self._coefficients = solve_ridge(Z, targets, weights, strengths)[0]
        if held_out is not None:
            self._finish(held_out(chosen), labels)
        return self

    def _cross_validate(
        self,
        Z: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        labels: Labels,
        seed: int,
    ) -> tuple[Any, np.ndarray]:
        """Return what gives held-out scores for chosen strengths, and their losses."""
        part = make_parts(
            self.task_set_,
            labels.codes,
            equal_sizes(len(Z), N_FOLDS),
            kfold_trains(N_FOLDS),
            rng=np.random.default_rng(seed),
        )
        grid = np.broadcast_to(STRENGTHS[:, None], (len(STRENGTHS), targets.shape[1]))
        losses, fits = np.zeros(grid.shape), []
        for fold in range(N_FOLDS):
            train, test = part != fold, part == fold
            known = Z[train], targets[train], weights[train]
            fits.append(solve_ridge(*known, grid, tol=_ROUGH))
            for level, coefficients in enumerate(fits[-1]):
                error = Z[test] @ coefficients - targets[test]
                losses[level] += np.sum(weights[test] * error**2, axis=0)

        def held_out(chosen: np.ndarray) -> np.ndarray:
            scores, columns = np.empty(targets.shape), np.arange(targets.shape[1])
            for fold, fit in enumerate(fits):
                scores[part == fold] = Z[part == fold] @ fit[chosen, :, columns].T
            return scores

        return held_out, losses / np.maximum(weights.sum(axis=0), 1e-300)

    def _finish(self, scores: np.ndarray, labels: Labels) -> None:
        """Calibrate classifications, and keep out-of-fold outputs."""
        for t, place in self._encoding.places:
            if self.task_set_.tasks[t].is_classification:
                seen = labels.weights[:, t] > 0
                self._calibrations[t] = Calibration.learn(
                    _of_classes(scores[seen, place]),
                    labels.codes[seen, t].astype(np.intp),
                    labels.weights[seen, t],
                )
        self._oof = self._outputs(scores)

    @property
    def oof_prediction_(self) -> Any:
        """Out-of-fold predictions of the training rows.

        Probabilities (n_samples, n_classes) or values (n_samples,), in a list where y
        was 2-D.
        """
        check_is_fitted(self)
        if self._oof is None:
            raise AttributeError(
                f"{type(self).__name__}: there is no oof_prediction_ with up to "
                f"{SMALL} rows."
            )
        return self._oof[0] if self.task_set_.is_1d else self._oof

    def _outputs(self, scores: np.ndarray) -> list[np.ndarray]:
        outputs = self._encoding.decode(scores)
        for t, place in self._encoding.places:
            if t in self._calibrations:
                outputs[t] = self._calibrations[t].apply(_of_classes(scores[:, place]))
        return outputs

    def _task_outputs(self, X: Any) -> list[np.ndarray]:
        check_is_fitted(self)
        design = self._preparation.transform(read_inputs(self, X, "table", reset=False))
        return self._outputs(self._axes.coordinates(design) @ self._coefficients)

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether there are coefficients."""
        return hasattr(self, "_coefficients")

    def __sklearn_tags__(self) -> Tags:
        """Declare missing and sparse inputs, and several outputs of either kind."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.classifier_tags = ClassifierTags(multi_label=True)
        tags.regressor_tags = RegressorTags()
        return tags


def _of_classes(scores: np.ndarray) -> np.ndarray:
    """Return a score for each class; a binary task has one for its second."""
    return scores if scores.shape[1] > 1 else np.hstack([-scores, scores])
