"""Text of numbers, lists and notes in reports, in ASCII for all terminals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_mtl.comparison.results._gains import TWIN, Gain
from sklearn_mtl.comparison.results._intervals import Interval
from sklearn_mtl.comparison.results._rows import ModelRow, TaskRow, shares_nothing

__all__ = [
    "CURVE_INTERVALS",
    "MEAN_SKILL",
    "about_curve",
    "effect_word",
    "gain_and_interval",
    "listed",
    "means_without",
    "metric_label",
    "number",
    "second_label",
    "second_value",
    "seconds",
    "shorten",
    "signed",
    "worth_in_labels",
]

#: Note on means over tasks with different metrics or units.
MEAN_SKILL = (
    "The tasks have different metrics or units, so means over tasks are means of "
    "skills, (score - constant) / (perfect - constant): a constant prediction has "
    "skill 0, and a perfect prediction has skill 1."
)

#: Note on the intervals of learning curves.
CURVE_INTERVALS = (
    "The intervals of a curve are adjusted for the number of its points (Holm)."
)

_LABELS = {
    "balanced_accuracy": "balanced accuracy",
    "d2_absolute_error_score": "D2 (absolute error)",
    "d2_log_loss_score": "D2 (log-loss)",
    "log_loss": "log-loss",
    "r2": "R2",
    "roc_auc": "ROC AUC",
}


def metric_label(metric: str, period: float | None = None) -> str:
    """Return a readable name of a metric, with "minus" for "neg_" and its period."""
    base = metric.removeprefix("neg_")
    label = _LABELS.get(base, base.replace("_", " "))
    circle = "" if period is None else f" (period {period:g})"
    return (label if base == metric else f"minus {label}") + circle


def second_label(metric: str) -> str:
    """Return the name of a second score, where negated errors are shown as errors."""
    if metric.startswith("neg_"):
        return f"{metric_label(metric.removeprefix('neg_'))} (less is better)"
    return metric_label(metric)


def second_value(metric: str, value: float) -> float:
    """Return the value to show under `second_label`."""
    return -value if metric.startswith("neg_") else value


def effect_word(gain: Gain) -> str:
    """Return the effect of a gain: "helps" over twins, "better" over other models."""
    if gain.against != TWIN:
        return {"helps": "better", "hurts": "worse"}.get(gain.effect, gain.effect)
    return gain.effect


def number(value: float) -> str:
    """Return a number with three decimals, or three digits if large; "-" for NaN."""
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.3g}"


def signed(value: float) -> str:
    """Return the number with its sign."""
    if np.isnan(value):
        return "-"
    return f"{value:+.3f}" if abs(value) < 100 else f"{value:+.3g}"


def seconds(value: float) -> str:
    """Return seconds with two decimals below ten, else without decimals."""
    if np.isnan(value):
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def gain_and_interval(interval: Interval) -> str:
    """Return text such as "+0.021 [+0.004, +0.038]"."""
    if np.isnan(interval.low):
        return signed(interval.mean)
    return f"{signed(interval.mean)} [{signed(interval.low)}, {signed(interval.high)}]"


def means_without(names: Sequence[str]) -> str:
    """Return a note on the tasks that are excluded from means over tasks."""
    have = "has" if len(names) == 1 else "have"
    return (
        f"Means over tasks exclude {listed(names)}, which {have} scores in at most "
        "half of the splits; this is too few to estimate the noise."
    )


def about_curve(model: ModelRow, tasks: Sequence[TaskRow]) -> str:
    """Return a note on tasks without learning curve, or "" if there are none."""
    if not model.alone:
        return ""
    if shares_nothing(model, tasks):
        return f"{model.name}: nothing to share, so there is no learning curve."
    return (
        f"The curve of {model.name} excludes {listed(model.alone)}, because there is "
        "nothing to share."
    )


def worth_in_labels(few: float, many: float, most: float) -> str:
    """Return a sentence on the number of labels that the twin needs."""
    needed = f"more than {most:.0f}" if np.isinf(many) else f"about {many:.0f}"
    return f"With {few:.0f} labels, it scores as high as its twin with {needed}."


def listed(names: Sequence[str], most: int = 6) -> str:
    """Return text such as "a, b and c", or "a, b and 7 more" for long lists."""
    shown = list(names)
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def shorten(name: str, width: int) -> str:
    """Shorten a name in the middle, because names often differ at their ends."""
    if len(name) <= width:
        return name
    tail = (width - 2) // 2
    return f"{name[: width - 2 - tail]}..{name[len(name) - tail :]}"
