"""Numbers and lists as people read them; plain ASCII, so that every terminal can."""

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

#: What is said where the scores of the tasks have no unit in common.
MEAN_SKILL = (
    "The tasks have different scores, so means over tasks are of skills: 0 is a "
    "constant prediction, 1 a perfect one, and the score of each task counts by its "
    "position between the two."
)

#: What the intervals of a learning curve are.
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
    """Return the name of a metric as people write it; "neg_" makes it "minus ...".

    With a period it says of which circle it is the score.
    """
    base = metric.removeprefix("neg_")
    label = _LABELS.get(base, base.replace("_", " "))
    circle = "" if period is None else f" (period {period:g})"
    return (label if base == metric else f"minus {label}") + circle


def second_label(metric: str) -> str:
    """Return the name of a second score, which is shown as an error where it is one."""
    if metric.startswith("neg_"):
        return f"{metric_label(metric.removeprefix('neg_'))} (less is better)"
    return metric_label(metric)


def second_value(metric: str, value: float) -> float:
    """Return the value to show under `second_label`."""
    return -value if metric.startswith("neg_") else value


def effect_word(gain: Gain) -> str:
    """Return what a gain shows: sharing helps or hurts, a model is better or worse."""
    if gain.against != TWIN:
        return {"helps": "better", "hurts": "worse"}.get(gain.effect, gain.effect)
    return gain.effect


def number(value: float) -> str:
    """Return three decimals, or three digits of a large number; "-" for NaN."""
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.3g}"


def signed(value: float) -> str:
    """Return the number with its sign."""
    if np.isnan(value):
        return "-"
    return f"{value:+.3f}" if abs(value) < 100 else f"{value:+.3g}"


def seconds(value: float) -> str:
    """Return seconds with as many digits as matter."""
    if np.isnan(value):
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def gain_and_interval(interval: Interval) -> str:
    """Return "+0.021 [+0.004, +0.038]"."""
    if np.isnan(interval.low):
        return signed(interval.mean)
    return f"{signed(interval.mean)} [{signed(interval.low)}, {signed(interval.high)}]"


def means_without(names: Sequence[str]) -> str:
    """Say which tasks take no part in means over tasks, and why."""
    have = "has" if len(names) == 1 else "have"
    return (
        f"Means over tasks leave out {listed(names)}, which {have} scores in half of "
        "the splits or fewer: too few to know their noise."
    )


def about_curve(model: ModelRow, tasks: Sequence[TaskRow]) -> str:
    """Say what the learning curve of a model leaves out, or why there is none."""
    if not model.alone:
        return ""
    if shares_nothing(model, tasks):
        return f"{model.name}: nothing to share, so there is no learning curve."
    return (
        f"The curve of {model.name} is without {listed(model.alone)}, where there is "
        "nothing to share."
    )


def worth_in_labels(few: float, many: float, most: float) -> str:
    """Say how many labels the twin would need for what sharing does with a few."""
    needed = f"more than {most:.0f}" if np.isinf(many) else f"about {many:.0f}"
    return f"With {few:.0f} labels it scores as its twin does with {needed}."


def listed(names: Sequence[str], most: int = 6) -> str:
    """Return "a, b and c", or "a, b and 7 more"."""
    shown = list(names)
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def shorten(name: str, width: int) -> str:
    """Cut the middle out of a name, for names often differ at their ends."""
    if len(name) <= width:
        return name
    tail = (width - 2) // 2
    return f"{name[: width - 2 - tail]}..{name[len(name) - tail :]}"
