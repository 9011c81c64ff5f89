"""Shapes of coefficients and outputs for both kinds of linear estimators."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from sklearn_mtl.exceptions import DifferentUnitsWarning
from sklearn_mtl.linear_model._base import LinearBase
from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.linear_model._names import PARTIAL_POOLING
from sklearn_mtl.linear_model._units import compares_tasks, spread_ratio
from sklearn_mtl.penalties import Penalty
from sklearn_mtl.utils._typing import FeaturesLike

__all__ = ["LinearClassifierBase", "LinearRegressorBase"]

#: Largest ratio of the standard deviations of the targets without a warning, if a
#: penalty compares tasks.
MOST_SPREAD = 1e3


class LinearRegressorBase(LinearBase):
    """Base class of linear regressors, with one vector of coefficients per task."""

    _kind = "regression"
    scale_targets: Any

    def _in_common_units(self, data: Data, penalty: Penalty | None = None) -> Data:
        is_pooled = self.fit_intercept == PARTIAL_POOLING
        if self.scale_targets is True and is_pooled:
            raise ValueError(
                f"{type(self).__name__}: scale_targets=True cannot be combined with "
                "fit_intercept='partial_pooling', because pooled intercepts require "
                "targets in the same unit. Set scale_targets=False or "
                "fit_intercept=True."
            )
        # A penalty that does not compare tasks has the same effect in all units.
        compares = penalty is not None and compares_tasks(penalty, data.columns)
        is_auto = self.scale_targets == "auto" and not is_pooled and len(data.kept) > 1
        if self.scale_targets is True or (is_auto and not compares):
            return data.with_scaled_targets()
        if is_pooled or compares or penalty is None:
            self._warn_of_units(data)
        return data

    def _warn_of_units(self, data: Data) -> None:
        """Warn if tasks are compared whose targets differ a lot in scale."""
        spreads = data.labels.deviations(bool(self.fit_intercept))
        if spread_ratio(spreads) <= MOST_SPREAD:
            return
        least, most = (
            f"{spreads[t]:.1e} (task {self.task_set_.names[data.kept[t]]!r})"
            for t in (
                np.argmin(np.where(spreads > 0, spreads, np.inf)),
                spreads.argmax(),
            )
        )
        is_pooled = self.fit_intercept == PARTIAL_POOLING
        what, advice = f"penalty={self.penalty!r}", "Set scale_targets=True, or convert"
        if is_pooled:
            what, advice = "fit_intercept='partial_pooling'", "Convert"
        warnings.warn(
            f"{type(self).__name__}: the standard deviations of the targets differ by "
            f"a factor of {spread_ratio(spreads):.0e}, from {least} to {most}. {what} "
            "compares the tasks, so targets with large values dominate the fit. "
            f"{advice} the targets to similar scales.",
            DifferentUnitsWarning,
            stacklevel=5,
        )

    def _set_shapes(self, blocks: list[np.ndarray], shifts: list[np.ndarray]) -> None:
        coef, intercept = np.concatenate(blocks), np.concatenate(shifts)
        self.coef_: np.ndarray = coef[0] if self.task_set_.is_1d else coef
        self.intercept_: Any = float(intercept[0])
        if not self.task_set_.is_1d:
            self.intercept_ = intercept

    def _stacked(self) -> tuple[np.ndarray, np.ndarray]:
        return np.atleast_2d(self.coef_), np.atleast_1d(self.intercept_)

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        scores = self._decision(X)
        empty = [task.kind == "empty" for task in self.task_set_.tasks]
        scores[:, empty] = np.nan
        return list(scores.T)


class LinearClassifierBase(LinearBase):
    """Base class of linear classifiers, with one vector per task or class."""

    _kind = "classification"

    def _set_shapes(self, blocks: list[np.ndarray], shifts: list[np.ndarray]) -> None:
        is_1d = self.task_set_.is_1d
        self.coef_: Any = blocks[0] if is_1d else blocks
        self.intercept_: Any = shifts[0] if is_1d else shifts

    def _stacked(self) -> tuple[np.ndarray, np.ndarray]:
        if self.task_set_.is_1d:
            return self.coef_, self.intercept_
        return np.concatenate(self.coef_), np.concatenate(self.intercept_)

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        scores = self._decision(X)
        widths = [
            task.n_classes if task.n_classes > 2 else 1 for task in self.task_set_.tasks
        ]
        parts = np.split(scores, np.cumsum(widths)[:-1], axis=1)
        pairs = zip(parts, self.task_set_.tasks, strict=True)
        return [_probabilities(part, task.n_classes) for part, task in pairs]


def _probabilities(scores: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the class probabilities (n_samples, n_classes) of one task."""
    if n_classes == 0:  # the task has no labels
        return np.full((len(scores), 0), np.nan)
    if n_classes == 1:
        return np.ones((len(scores), 1))
    if n_classes == 2:
        # 1 - p would lose the digits of a small probability.
        return np.hstack([expit(-scores), expit(scores)])
    return softmax(scores, axis=1)
