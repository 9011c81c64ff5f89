"""Registry of metrics: name, required predictions, kinds of tasks and direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import _classification as c
from sklearn_mtl.metrics import _regions as g
from sklearn_mtl.metrics import _regression as r
from sklearn_mtl.metrics import _spans as s
from sklearn_mtl.tasks import TARGET_KINDS, match_tasks, target_of
from sklearn_mtl.utils._guesses import with_guesses
from sklearn_mtl.utils._typing import MetricChoice

__all__ = [
    "BY_KIND",
    "Metric",
    "choice_of_task",
    "find_metric",
    "is_by_kind",
    "is_error",
    "make_metric",
    "metric_names",
    "metric_of_task",
    "read_metric",
]


@dataclass(frozen=True)
class Metric:
    """A metric of one task.

    Attributes
    ----------
    name : str
        Name of the metric, possibly with "neg_".
    function : callable
        Function of (y, given, w), see `_classification` and `_regression`.
    needs : {"labels", "scores", "proba", "values", "interval", "quantiles", "set", \
            "tags", "spans", "any", "any_proba"}
        Required predictions: labels, scores, probabilities, regression values,
        intervals, quantiles, sets of classes, single tags of tokens, or sequences of
        tags. "any" is a user-defined function of labels or values, and "any_proba" a
        user-defined function of probabilities.
    is_error : bool
        Whether lower is better (before the sign is applied).
    sign : {1, -1}
        -1 for an error with the prefix "neg_".
    power : int
        Power of the unit of the labels: 2 for squared errors, 0 for metrics without a
        unit.
    """

    name: str
    function: Callable[..., float]
    needs: str
    is_error: bool = False
    sign: int = 1
    power: int = 0

    def __call__(self, y_true: Any, y_pred: Any, **options: Any) -> float:
        """Score the labels and predictions of one task."""
        return self.sign * float(self.function(y_true, y_pred, **options))

    @property
    def kind(self) -> str | None:
        """Kind of task that the metric can score; None for all kinds."""
        special: dict[str, str | None] = {"any": None}
        special |= dict.fromkeys(("values", "interval", "quantiles"), "regression")
        special |= dict.fromkeys(("tags", "spans"), "tokens")
        return special.get(self.needs, "classification")


_NEEDS: dict[str, dict[str, list[Callable[..., float]]]] = {
    "labels": {
        "scores": [
            *(c.accuracy, c.balanced_accuracy, c.f1, c.matthews_corrcoef),
            *(c.precision, c.recall),
        ],
        "errors": [c.zero_one_loss],
    },
    "scores": {"scores": [c.roc_auc, c.average_precision], "errors": []},
    "proba": {
        "scores": [c.d2_log_loss_score],
        "errors": [c.log_loss, c.brier_score, c.expected_calibration_error],
    },
    "values": {
        "scores": [r.r2, r.explained_variance, r.d2_absolute_error_score],
        "errors": [
            r.mean_squared_error,
            r.root_mean_squared_error,
            r.mean_absolute_error,
            r.relative_root_mean_squared_error,
        ],
    },
    "tags": {"scores": [s.token_accuracy], "errors": []},
    "spans": {"scores": [s.span_f1], "errors": []},
    "interval": {"scores": [g.interval_coverage], "errors": [g.interval_width]},
    "quantiles": {"scores": [], "errors": [g.mean_pinball_loss]},
    "set": {"scores": [g.set_coverage], "errors": [g.set_size]},
}
#: Power of the unit of the labels, by name of a metric here or in sklearn.metrics.
_POWERS = {
    "mean_squared_error": 2,
    "root_mean_squared_error": 1,
    "mean_absolute_error": 1,
    "median_absolute_error": 1,
    "max_error": 1,
    "mean_pinball_loss": 1,
    "interval_width": 1,
}
_METRICS = {
    function.__name__: Metric(
        function.__name__,
        function,
        needs,
        is_error=direction == "errors",
        power=_POWERS.get(function.__name__, 0),
    )
    for needs, directions in _NEEDS.items()
    for direction, functions in directions.items()
    for function in functions
}
_SHORT = {
    "brier": "brier_score",
    "ece": "expected_calibration_error",
    "pinball": "mean_pinball_loss",
}

#: Names that are resolved to a different metric for each kind of task.
BY_KIND = ("auto", "skill", "coverage", "mean_width", "neg_mean_width")


def metric_names() -> list[str]:
    """Return the known names, for errors also with "neg_"."""
    negated = [f"neg_{name}" for name, m in _METRICS.items() if m.is_error]
    return sorted([*_METRICS, *negated])


def is_by_kind(metric: MetricChoice) -> bool:
    """Return whether a name is resolved to a different metric for each kind of task."""
    return isinstance(metric, str) and metric in BY_KIND


def find_metric(metric: MetricChoice, who: str) -> Metric:
    """Return the metric with a name, or a metric for a callable (y_true, y_pred)."""
    if isinstance(metric, Metric):
        return metric
    if callable(metric):
        name = getattr(metric, "__name__", type(metric).__name__)
        return Metric(name, metric, "any", power=_POWERS.get(name, 0))
    if isinstance(metric, str):
        base = metric.removeprefix("neg_")
        base = _SHORT.get(base, base)
        found = _METRICS.get(base)
        is_negated = metric.startswith("neg_")
        if found is not None and (found.is_error or not is_negated):
            return replace(found, name=metric, sign=-1 if is_negated else 1)
    raise TaskError(
        f"{who}: unknown metric {_guessed(metric)}. Allowed are {metric_names()}, "
        f"{', '.join(map(repr, BY_KIND))}, a dict by task name or by kind ('binary', "
        "'multiclass', 'classification', 'regression', 'tokens'), and callables "
        "(y_true, y_pred)."
    )


def make_metric(
    function: Callable[..., float],
    *,
    response_method: str = "predict",
    greater_is_better: bool = True,
) -> Metric:
    """Make a metric from a function of probabilities, or from an error.

    The result can be used wherever a metric may be a callable. A function of labels or
    values for which greater is better can be used directly, without `make_metric`.
    The arguments are those of scikit-learn's `make_scorer`.

    Parameters
    ----------
    function : callable
        Function with signature (y_true, y_pred) for one task. It must also accept
        sample_weight if weights are given.
    response_method : {"predict", "predict_proba"}, default="predict"
        Predictions that are passed as y_pred. "predict" means labels or values
        (n_samples,). "predict_proba" means probabilities: with two classes, an array
        (n_samples,) for the second class; with more classes, an array (n_samples,
        n_classes) in the order of the sorted labels.
    greater_is_better : bool, default=True
        Whether greater is better. If False, the values of the function are negated, as
        with the prefix "neg_".

    Returns
    -------
    Metric
        Metric for the parameter `metric`, also in a list or a dict.

    Raises
    ------
    ValueError
        If response_method is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics import make_metric, per_task_score
    >>> def sharpness(y_true, y_proba):
    ...     return np.mean(np.abs(y_proba - 0.5))
    >>> metric = make_metric(sharpness, response_method="predict_proba")
    >>> y = np.array([[0, 1], [1, np.nan], [1, 0]])
    >>> proba = [np.array([0.25, 0.75, 0.75]), np.array([1.0, 0.5, 0.0])]
    >>> per_task_score(y, proba, metric=metric)
    {'task0': 0.25, 'task1': 0.5}
    """
    allowed = {"predict": "any", "predict_proba": "any_proba"}
    if response_method not in allowed:
        raise ValueError(
            f"make_metric: response_method must be one of {list(allowed)}; got "
            f"{response_method!r}."
        )
    found = replace(
        find_metric(function, "make_metric"), needs=allowed[response_method]
    )
    return found if greater_is_better else replace(found, is_error=True, sign=-1)


def _guessed(metric: Any) -> str:
    """Return the name of an unknown metric with a suggestion of a similar name."""
    if isinstance(metric, str):
        return with_guesses([metric], metric_names())
    return repr(metric)


def is_error(metric: MetricChoice, who: str) -> bool:
    """Return whether a metric is an error, possibly negated."""
    return find_metric(metric, who).is_error


def choice_of_task(
    choice: Any,
    name: str,
    kind: str,
    default: Any = None,
    classes: np.ndarray | None = None,
) -> Any:
    """Return the choice for one task: by name, by kind, or for all tasks."""
    if not isinstance(choice, Mapping):
        return choice
    of_kind = kind, target_of(kind, classes).type
    keys = [key for key in (name, *of_kind) if key in choice]
    return choice[keys[0]] if keys else default


def metric_of_task(
    metric: MetricChoice,
    name: str,
    kind: str,
    who: str,
    classes: np.ndarray | None = None,
) -> Metric:
    """Return the metric of one task: by name, by kind, or for all tasks."""
    target = target_of(kind, classes)
    chosen: Any = choice_of_task(metric, name, kind, "auto", classes)
    if is_by_kind(chosen):
        chosen = target.metric(chosen, kind, classes)
    found = find_metric(chosen, who)
    if found.kind is not None and found.kind not in target.scored_by:
        raise TaskError(
            f"{who}: task {name!r} is a {kind} task, which {found.name!r} cannot "
            "score. Use a dict by kind, such as {'classification': 'accuracy', "
            "'regression': 'r2'}, or 'auto'."
        )
    return found


def read_metric(metric: MetricChoice, names: list[str], who: str) -> MetricChoice:
    """Return metrics by task name or kind; raise for other keys."""
    if not isinstance(metric, Mapping):
        return metric
    kinds = {k for one in TARGET_KINDS for k in (*one.kinds, one.type)} - set(names)
    by_kind = {key: one for key, one in metric.items() if key in kinds}
    others = {key: one for key, one in metric.items() if key not in kinds}
    try:
        return {**by_kind, **match_tasks(others, names, "metric", who)}
    except TaskError as error:
        raise TaskError(
            f"{error} The kinds 'binary', 'multiclass', 'classification', 'regression' "
            "and 'tokens' are also allowed as keys."
        ) from None
