"""Shapes of coefficients, and outputs from scores, for the two kinds of estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax

from sklearn_mtl.linear_model._base import LinearBase

__all__ = ["LinearClassifierBase", "LinearRegressorBase"]


class LinearRegressorBase(LinearBase):
    """Regressions: one row of coefficients a task."""

    _kind = "regression"

    def _set_shapes(self, blocks: list[np.ndarray], shifts: list[np.ndarray]) -> None:
        coef, intercept = np.concatenate(blocks), np.concatenate(shifts)
        self.coef_: np.ndarray = coef[0] if self.task_set_.is_1d else coef
        self.intercept_: Any = float(intercept[0])
        if not self.task_set_.is_1d:
            self.intercept_ = intercept

    def _stacked(self) -> tuple[np.ndarray, np.ndarray]:
        return np.atleast_2d(self.coef_), np.atleast_1d(self.intercept_)

    def _task_outputs(self, X: Any) -> list[np.ndarray]:
        scores = self._decision(X)
        empty = [task.kind == "empty" for task in self.task_set_.tasks]
        scores[:, empty] = np.nan
        return list(scores.T)


class LinearClassifierBase(LinearBase):
    """Classifications: one row of coefficients for two classes, else one a class."""

    _kind = "classification"

    def _set_shapes(self, blocks: list[np.ndarray], shifts: list[np.ndarray]) -> None:
        is_1d = self.task_set_.is_1d
        self.coef_: Any = blocks[0] if is_1d else blocks
        self.intercept_: Any = shifts[0] if is_1d else shifts

    def _stacked(self) -> tuple[np.ndarray, np.ndarray]:
        if self.task_set_.is_1d:
            return self.coef_, self.intercept_
        return np.concatenate(self.coef_), np.concatenate(self.intercept_)

    def _task_outputs(self, X: Any) -> list[np.ndarray]:
        scores = self._decision(X)
        widths = [
            task.n_classes if task.n_classes > 2 else 1 for task in self.task_set_.tasks
        ]
        parts = np.split(scores, np.cumsum(widths)[:-1], axis=1)
        pairs = zip(parts, self.task_set_.tasks, strict=True)
        return [_probabilities(part, task.n_classes) for part, task in pairs]


def _probabilities(scores: np.ndarray, n_classes: int) -> np.ndarray:
    """Return (n_samples, n_classes) probabilities of one task."""
    if n_classes == 0:  # no label was seen
        return np.full((len(scores), 0), np.nan)
    if n_classes == 1:
        return np.ones((len(scores), 1))
    if n_classes == 2:
        return np.hstack([expit(-scores), expit(scores)])
    return softmax(scores, axis=1)
