"""Computation of intervals, quantiles and sets from held-out outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sklearn_mtl.uncertainty._calibration_data import CalibrationData
from sklearn_mtl.uncertainty._joint import JointLevels
from sklearn_mtl.uncertainty._outputs_as_features import Axes, output_columns
from sklearn_mtl.uncertainty._scale_model import ScaleModel, fit_scales, make_parts
from sklearn_mtl.uncertainty._scores import ScoreDistribution
from sklearn_mtl.uncertainty._sets import class_scores, true_scores

__all__ = ["Calibration"]

# Lower bound on the ratio of squared errors of the mean over members and of a member.
_LEAST_SHARE = 0.25


@dataclass(frozen=True)
class _NumericTask:
    """Scale of the errors of a regression task, and distribution of scaled errors."""

    scale: ScaleModel
    signed: ScoreDistribution
    mean_square: float


class Calibration:
    """Conformity scores of all tasks.

    Parameters
    ----------
    data : CalibrationData
        Held-out outputs and their errors.

    Attributes
    ----------
    scores : list of ScoreDistribution
        Scores of each task. For regression tasks, absolute errors divided by their
        scale. For classification tasks, the total probability of all classes that are
        more probable than the true class.
    """

    def __init__(self, data: CalibrationData) -> None:
        self.tasks = tasks = data.tasks
        numeric = [t for t, task in enumerate(tasks) if task.classes is None]
        columns, places = output_columns(tasks, data.outputs)
        self._axes = Axes.learn(columns)
        self._weights = np.stack([data.weights_of(t) for t in range(len(tasks))], 1)
        found = fit_scales(
            self._axes,
            columns,
            [places[t] for t in numeric],
            data.truth[:, numeric],
            self._weights[:, numeric],
            make_parts(data.fold, len(columns)),
        )
        self._numeric: dict[int, _NumericTask] = {}
        self._values = np.full(data.truth.shape, np.nan)
        for t, (model, scales) in zip(numeric, found, strict=True):
            signed, w = data.truth[:, t] / scales, self._weights[:, t]
            seen = w > 0
            square = np.nan  # of a task without labels
            if seen.any():
                square = float(np.average(signed[seen] ** 2, weights=w[seen]))
            distribution = ScoreDistribution.learn(signed, w)
            self._numeric[t] = _NumericTask(model, distribution, square)
            self._values[:, t] = np.abs(signed)
        for t, task in enumerate(tasks):
            if task.is_classification:
                self._values[:, t] = true_scores(data.outputs[t], data.truth[:, t])
        self.scores = [
            ScoreDistribution.learn(self._values[:, t], self._weights[:, t])
            for t in range(len(tasks))
        ]

    @classmethod
    def of(cls, data: CalibrationData) -> Calibration:
        """Return the calibration on these data, which is computed only once."""
        if data.made is None:
            data.made = cls(data)
        return data.made

    @cached_property
    def joint(self) -> JointLevels:
        """Joint distribution of the levels of all tasks of a sample."""
        pairs = zip(self.scores, self._values.T, self._weights.T, strict=True)
        first, last = np.stack(
            [
                np.where(w > 0, scores.shares_of(values), np.nan)
                for scores, values, w in pairs
            ],
            axis=2,
        )
        return JointLevels.learn(first, last, self._weights.max(axis=1))

    def intervals(
        self,
        outputs: Sequence[np.ndarray],
        variance: np.ndarray | None,
        coverage: float,
        *,
        is_joint: bool = False,
    ) -> np.ndarray:
        """Return the ends of the intervals, NaN for classification tasks.

        Shapes: variance of the members (n_samples, n_tasks) -> (n_samples, n_tasks, 2).
        """
        level = self.joint.level(coverage) if is_joint else coverage
        out = np.full((len(outputs[0]), len(self.tasks), 2), np.nan)
        for t, scale in self._scales(outputs, variance).items():
            half = self.scores[t].threshold(level) * scale
            period = self.tasks[t].period
            if period is not None:
                half = np.minimum(half, period / 2)
            out[:, t, 0], out[:, t, 1] = outputs[t] - half, outputs[t] + half
        return out

    def quantiles(
        self,
        outputs: Sequence[np.ndarray],
        variance: np.ndarray | None,
        q: np.ndarray,
    ) -> np.ndarray:
        """Return quantiles, NaN for classification tasks.

        Shapes: q (n_q,) -> (n_samples, n_tasks, n_q).
        """
        out = np.full((len(outputs[0]), len(self.tasks), len(q)), np.nan)
        for t, scale in self._scales(outputs, variance).items():
            signed = self._numeric[t].signed
            ends = np.array([signed.quantile(level) for level in q.tolist()])
            out[:, t] = outputs[t][:, None] + scale[:, None] * ends
        return out

    def deviations(
        self, outputs: Sequence[np.ndarray], variance: np.ndarray | None
    ) -> np.ndarray:
        """Return root mean squared errors, NaN for classification tasks.

        Shapes: -> (n_samples, n_tasks).
        """
        out = np.full((len(outputs[0]), len(self.tasks)), np.nan)
        for t, scale in self._scales(outputs, variance).items():
            out[:, t] = scale * np.sqrt(self._numeric[t].mean_square)
        return out

    def sets(
        self,
        outputs: Sequence[np.ndarray],
        coverage: float,
        *,
        is_joint: bool = False,
    ) -> list[np.ndarray | None]:
        """Return masks of the classes in the set of each sample, None for regressions.

        Shapes: -> (n_samples, n_classes).
        """
        level = self.joint.level(coverage) if is_joint else coverage
        found: list[np.ndarray | None] = []
        for task, output, scores in zip(self.tasks, outputs, self.scores, strict=True):
            if not task.is_classification:
                found.append(None)
                continue
            # the most probable class has the score 0, and is in every set
            found.append(class_scores(output) <= scores.threshold(level))
        return found

    def _scales(
        self, outputs: Sequence[np.ndarray], variance: np.ndarray | None
    ) -> dict[int, np.ndarray]:
        """Return the scale of the errors of each regression task (n_samples,).

        For members with outputs f_k and mean f, the squared error of a new sample is
        (y - f)^2 = mean (y - f_k)^2 - mean (f_k - f)^2 (Krogh and Vedelsby). The first
        term is estimated from held-out outputs of single members. The second term is
        the variance of the members at the new sample.
        """
        features = self._axes.features(output_columns(self.tasks, outputs)[0])
        found = {}
        for t, task in self._numeric.items():
            if not len(self.scores[t]):
                found[t] = np.ones(len(outputs[t]))
                continue
            scale = task.scale.predict(features)
            if variance is not None:
                square = scale**2 * task.mean_square
                share = np.divide(
                    variance[:, t], square, out=np.zeros_like(scale), where=square > 0
                )
                scale = scale * np.sqrt(np.maximum(1.0 - share, _LEAST_SHARE))
            found[t] = scale
        return found
