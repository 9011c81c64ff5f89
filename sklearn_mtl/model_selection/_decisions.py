"""Choice of the class of a task from its probabilities, by given or tuned costs.

A threshold t on the probability of the second of two classes is the cost matrix
[[0, t], [1 - t, 0]]. Weights of several classes are a cost matrix with equal
costs within each row. Therefore every decision is represented by a cost matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import Metric
from sklearn_mtl.model_selection._calibration import learn_calibrator
from sklearn_mtl.model_selection._decision_settings import TaskSetting
from sklearn_mtl.tasks import Task, likeliest

__all__ = ["TaskRule", "learn_rule", "threshold_of", "tune_costs"]

_CANDIDATES = 200  # approximate maximum number of thresholds to compare
# 0 gives the most probable class. 1 maximises balanced accuracy if the probabilities
# are correct. Other powers are useful for models with class weights.
_POWERS = np.concatenate([np.linspace(0, 2, 41), np.linspace(-1, -0.05, 20)])
_SAME = 1e-12  # smaller differences of scores are attributed to rounding

#: Function from predicted classes (n_samples,) to a score; greater is better.
Score = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class TaskRule:
    """Calibration and decision rule for the probabilities of one task.

    Attributes
    ----------
    calibrator : Calibrator, Temperature or None
        Calibrates the probabilities; None leaves them unchanged.
    costs : ndarray of shape (n_classes, n_classes) or None
        Cost of each predicted class (column) for each true class (row). None predicts
        the most probable class, or the value of a regression.
    score : float
        Score of the tuned costs on the samples used for tuning; NaN if no costs were
        tuned.
    """

    calibrator: Any = None
    costs: np.ndarray | None = None
    score: float = np.nan

    def output(self, given: Any) -> Any:
        """Return calibrated probabilities (n_samples, n_classes), or values.

        Probabilities of tokens are not changed.
        """
        return given if self.calibrator is None else self.calibrator.apply(given)

    def code(self, output: Any, task: Task | None = None) -> np.ndarray:
        """Return predicted class indices, or values, (n_samples,)."""
        if self.costs is None or not output.shape[1]:  # a task without any label
            return likeliest(output, task)
        return (output @ self.costs).argmin(axis=1)


@dataclass(frozen=True)
class Objective:
    """A metric of labels as a function of predicted class indices.

    Attributes
    ----------
    metric : Metric
        Metric of labels, or a user-defined function.
    y : ndarray of shape (n_samples,)
        True class indices.
    weight : ndarray of shape (n_samples,)
        Positive weights.
    classes : ndarray of shape (n_classes,)
        The labels.
    """

    metric: Metric
    y: np.ndarray
    weight: np.ndarray
    classes: np.ndarray

    def __call__(self, codes: np.ndarray) -> float:
        """Score predicted class indices (n_samples,)."""
        found = self._own(codes) if self.metric.needs == "any" else self._named(codes)
        score = self.metric.sign * float(found)
        return -np.inf if np.isnan(score) else score

    def _own(self, codes: np.ndarray) -> float:
        # A user-defined function only needs to accept weights if weights are given.
        is_plain = bool((self.weight == 1).all())
        weights = {} if is_plain else {"sample_weight": self.weight}
        labels = self.classes[self.y], self.classes[codes]
        return self.metric.function(*labels, **weights)

    def _named(self, codes: np.ndarray) -> float:
        # Metrics of labels depend only on the confusion matrix. One weighted sample per
        # entry of the matrix has the same score and is much faster.
        n = len(self.classes)
        counts = np.bincount(self.y * n + codes, self.weight, minlength=n * n)
        used = np.flatnonzero(counts)
        truth, predicted = np.divmod(used, n)
        return self.metric.function(truth, np.eye(n)[predicted], counts[used])


class Constrained:
    """Score subject to a lower bound on another score."""

    def __init__(self, objective: Score, bound: Objective, least: float) -> None:
        self.objective, self.bound, self.least = objective, bound, least
        self.highest = -np.inf

    def __call__(self, codes: np.ndarray) -> float:
        """Score predicted class indices (n_samples,); -inf below the lower bound."""
        found = self.bound(codes)
        self.highest = max(self.highest, found)
        return self.objective(codes) if found >= self.least else -np.inf


def learn_rule(
    task: Task,
    setting: TaskSetting,
    calibrate: str | None,
    held_out: tuple[np.ndarray | None, np.ndarray, np.ndarray],
    who: str,
) -> TaskRule | None:
    """Return the rule of a task; None if fewer than two classes are left.

    `held_out` contains probabilities (n_samples, n_classes), codes and weights
    (n_samples,).
    """
    proba, codes, weight = held_out
    if proba is None:
        return None
    used = (codes >= 0) & (weight > 0) & np.isfinite(proba).all(axis=1)
    proba, y, weight = proba[used], codes[used].astype(np.intp), weight[used]
    if len(np.unique(y)) < 2:
        return None
    calibrator = None
    if calibrate is not None:
        calibrator = learn_calibrator(calibrate, proba, y, weight)
        proba = calibrator.apply(proba)
    if setting.metric is None:
        return TaskRule(calibrator, setting.costs)
    assert task.classes is not None  # for the type checker
    score: Score = Objective(setting.metric, y, weight, task.classes)
    if setting.bound is not None:
        metric, least = setting.bound
        bound = Objective(metric, y, weight, task.classes)
        score = Constrained(score, bound, least)
    costs, best = tune_costs(proba, score, y, weight)
    if best == -np.inf:
        why = f"{setting.metric.name!r} is NaN for all thresholds."
        if isinstance(score, Constrained):
            why = (
                f"no threshold reaches {score.bound.metric.name!r} >= {score.least:g} "
                "on the out-of-fold predictions; the highest value is "
                f"{score.highest:.3g}."
            )
        raise TaskError(f"{who}: task {task.name!r}: {why}")
    return TaskRule(calibrator, costs, best)


def threshold_of(costs: np.ndarray | None) -> float:
    """Return the probability above which the second of two classes is predicted."""
    if costs is None:
        return 0.5
    of_false, of_missed = costs[0, 1] - costs[0, 0], costs[1, 0] - costs[1, 1]
    total = of_false + of_missed
    return float(of_false / total) if total > 0 else np.nan


def tune_costs(
    proba: np.ndarray, score: Score, y: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return the costs that maximise a score, and that score.

    The score is -inf if a constraint is not satisfied.

    Shapes: proba (n_samples, n_classes), y and weight (n_samples,).
    """
    if proba.shape[1] == 2:
        return _tune_threshold(proba[:, 1], score, y)
    return _tune_weights(proba, score, y, weight)


def _tune_threshold(
    p: np.ndarray, score: Score, y: np.ndarray
) -> tuple[np.ndarray, float]:
    thresholds = _candidates(p, y == 1)
    scores = np.array([score((p > t).astype(np.intp)) for t in thresholds])
    # The middle of a range of equal scores is the most robust choice.
    best = np.flatnonzero(scores >= scores.max() - _SAME)
    run = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    longest = max(run, key=len)
    chosen = longest[(len(longest) - 1) // 2]
    t = float(thresholds[chosen])
    return np.array([[0.0, t], [1.0 - t, 0.0]]), float(scores[chosen])


def _tune_weights(
    proba: np.ndarray, score: Score, y: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, float]:
    """Tune the power of the class frequencies by which probabilities are divided."""
    # One number for all classes. Weights that are tuned for each class separately had
    # higher out-of-fold scores but not higher scores on new samples.
    n_classes = proba.shape[1]
    share = np.bincount(y, weight, minlength=n_classes) / weight.sum()
    share = np.maximum(share, share[share > 0].min())
    scores = [score((proba * share**-power).argmax(axis=1)) for power in _POWERS]
    best = int(np.argmax(scores))
    weights = share ** -_POWERS[best]
    costs = np.repeat(weights[:, None] / weights.mean(), n_classes, axis=1)
    np.fill_diagonal(costs, 0.0)
    return costs, float(scores[best])


def _candidates(p: np.ndarray, is_class: np.ndarray) -> np.ndarray:
    """Return sorted thresholds between the probabilities, at most about 200.

    Both classes contribute equally many, in order to have enough thresholds near the
    probabilities of a rare class.
    """
    known = np.unique(p)
    between = (known[:-1] + known[1:]) / 2
    if len(between) > _CANDIDATES:
        shares = np.linspace(0, 1, _CANDIDATES // 2)
        parts = [np.quantile(p[side], shares) for side in (is_class, ~is_class)]
        at = np.searchsorted(known, np.concatenate(parts)).clip(0, len(between) - 1)
        between = between[np.unique(at)]
    return np.union1d(between, [0.0, 0.5, 1.0])
