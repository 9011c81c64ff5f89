"""Data for calibration that fit stores: held-out outputs and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.tasks import Task

if TYPE_CHECKING:
    from sklearn_mtl.uncertainty._calibration import Calibration

__all__ = ["CalibrationData", "residuals", "without_tokens"]

# Smaller or larger residuals than this are stored in float64.
_SMALLEST, _LARGEST = 1e-30, 1e30


@dataclass(eq=False)
class CalibrationData:
    """Outputs of held-out samples, and their errors or true classes.

    Fit stores only this record. The calibration is computed when an interval or a set
    is first requested, and is not pickled.

    Attributes
    ----------
    tasks : sequence of Task
        The tasks.
    outputs : list of ndarray
        For each task, probabilities (n_samples, n_classes) or values (n_samples,).
    truth : ndarray of shape (n_samples, n_tasks)
        Index of the true class, or label minus output for a regression task. NaN if
        there is no label or no output.
    weights : ndarray of shape (n_samples, 1 or n_tasks) or None
        Weights of samples or labels; None if all are equal.
    fold : ndarray of shape (n_samples,) or None
        Fold in which each sample was held out. None if each sample was held out
        separately.
    is_by_member : bool
        Whether each output is that of one member, although new samples are predicted by
        the mean over all members.
    """

    tasks: Sequence[Task]
    outputs: list[np.ndarray]
    truth: np.ndarray
    weights: np.ndarray | None = None
    fold: np.ndarray | None = None
    is_by_member: bool = False
    made: Calibration | None = field(default=None, repr=False)

    @classmethod
    def of_fit(
        cls,
        tasks: Sequence[Task],
        outputs: Sequence[np.ndarray],
        codes: np.ndarray,
        weights: np.ndarray | None = None,
        fold: np.ndarray | None = None,
        *,
        is_by_member: bool = False,
    ) -> CalibrationData:
        """Compute the errors of held-out outputs.

        Shapes: codes (n_samples, n_tasks), weights (n_samples, n_tasks), fold
        (n_samples,).
        """
        truth, outputs = np.full(codes.shape, np.nan), without_tokens(tasks, outputs)
        for t, (task, output) in enumerate(zip(tasks, outputs, strict=True)):
            if task.classes is None:
                truth[:, t] = residuals(codes[:, t], output, task.period)
            elif output.shape[1:] != (0,):
                has_output = ~np.isnan(output).any(axis=1)
                truth[has_output, t] = codes[has_output, t]
        if fold is not None:
            fold = fold.astype(np.min_scalar_type(int(fold.max(initial=0))))
        kept = outputs, _small(truth), _few(weights)
        return cls(tasks, *kept, fold, is_by_member=is_by_member)

    @classmethod
    def of_folds(
        cls,
        tasks: Sequence[Task],
        parts: Sequence[Sequence[np.ndarray]],
        tests: Sequence[np.ndarray],
        codes: np.ndarray,
        weights: np.ndarray | None,
    ) -> CalibrationData:
        """Join the outputs of folds; a sample in several test sets is used repeatedly.

        Shapes: codes (n_samples, n_tasks), weights (n_samples,) or (n_samples,
        n_tasks).
        """
        rows = np.concatenate(tests)
        fold = np.repeat(np.arange(len(tests)), [len(test) for test in tests])
        outputs = [np.concatenate(task) for task in zip(*parts, strict=True)]
        own = None
        if weights is not None:
            own = np.broadcast_to(weights.reshape(len(codes), -1), codes.shape)[rows]
        return cls.of_fit(tasks, outputs, codes[rows], own, fold)

    def weights_of(self, task: int) -> np.ndarray:
        """Return the weights of the labels of a task (n_samples,), 0 where missing."""
        is_label = ~np.isnan(self.truth[:, task])
        if self.weights is None:
            return is_label.astype(np.float64)
        column = self.weights[:, task if self.weights.shape[1] > 1 else 0]
        return np.where(is_label, column, 0.0).astype(np.float64)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the calibration, which can be computed quickly."""
        names = [one.name for one in fields(self) if one.name != "made"]
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the attributes, without a calibration."""
        vars(self).update(state, made=None)


def without_tokens(tasks: Sequence[Task], outputs: Sequence[Any]) -> list[np.ndarray]:
    """Return outputs, with no columns for token tasks, which are not calibrated."""
    return [
        np.empty((len(output), 0)) if task.is_tokens else output
        for task, output in zip(tasks, outputs, strict=True)
    ]


def residuals(
    labels: np.ndarray, outputs: np.ndarray, period: float | None
) -> np.ndarray:
    """Return labels minus outputs, along the shorter arc if there is a period."""
    apart = labels - outputs
    if period is None:
        return apart
    return (apart + period / 2) % period - period / 2


def _small(values: np.ndarray) -> np.ndarray:
    """Return values in float32, unless their range requires float64."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if sizes.size and not (sizes.min() > _SMALLEST and sizes.max() < _LARGEST):
        return values
    return values.astype(np.float32)


def _few(weights: np.ndarray | None) -> np.ndarray | None:
    """Return weights without redundant columns, or None if all are equal."""
    if weights is None or (weights == weights.flat[0]).all():
        return None
    if (weights == weights[:, :1]).all():
        weights = weights[:, :1]
    return _small(weights)
