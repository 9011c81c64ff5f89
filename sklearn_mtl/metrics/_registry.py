"""Metrics by name: what each one needs, which tasks it can score, and its direction."""

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
    """One metric.

    Attributes
    ----------
    name : str
        The name by which it was asked for.
    function : callable
        Of (y, given, w), see `_classification` and `_regression`.
    needs : {"labels", "scores", "proba", "values", "interval", "quantiles", "set", \
            "tags", "spans", "any", "any_proba"}
        What the model gives: labels, scores that rank, probabilities, or the values of
        a regression; intervals or quantiles of it, or sets of classes; tags of tokens,
        one by one or in their order; "any" is a user's own function of labels or
        values, "any_proba" one of probabilities.
    is_error : bool
        Whether smaller is better.
    sign : {1, -1}
        -1 where the error was asked for with "neg_".
    power : int
        Which power of the unit of the labels it is in: 2 for squared errors, 0 for what
        has no unit.
    """

    name: str
    function: Callable[..., float]
    needs: str
    is_error: bool = False
    sign: int = 1
    power: int = 0

    def __call__(self, y_true: Any, y_pred: Any, **options: Any) -> float:
        """Score labels and predictions of one task, as the function does."""
        return self.sign * float(self.function(y_true, y_pred, **options))

    @property
    def kind(self) -> str | None:
        """The kind of task that it scores; None for any."""
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
#: Powers of the labels' unit, of names here and of functions of sklearn.metrics.
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

#: Names that stand for another metric for each kind of task.
BY_KIND = ("auto", "skill", "coverage", "mean_width", "neg_mean_width")


def metric_names() -> list[str]:
    """Return the names that are known, errors also with "neg_"."""
    negated = [f"neg_{name}" for name, m in _METRICS.items() if m.is_error]
    return sorted([*_METRICS, *negated])


def is_by_kind(metric: MetricChoice) -> bool:
    """Say whether a name stands for another metric for each kind of task."""
    return isinstance(metric, str) and metric in BY_KIND


def find_metric(metric: MetricChoice, who: str) -> Metric:
    """Return a metric by name, or wrap a function (y_true, y_pred) -> float."""
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
        f"{who}: unknown metric {_guessed(metric)}. Known are {metric_names()}, "
        f"{', '.join(map(repr, BY_KIND))}, a dict by task name or by kind ('binary', "
        "'multiclass', 'classification', 'regression', 'tokens'), and functions of "
        "(y_true, y_pred)."
    )


def make_metric(
    function: Callable[..., float],
    *,
    response_method: str = "predict",
    greater_is_better: bool = True,
) -> Metric:
    """Make a metric of a function of probabilities, or of one of which less is better.

    It stands wherever a metric may be a function. A function of labels or values of
    which more is better needs no `make_metric`. Compare scikit-learn's `make_scorer`.

    Parameters
    ----------
    function : callable
        Of (y_true, y_pred) of one task, and sample_weight where weights are given.
    response_method : {"predict", "predict_proba"}, default="predict"
        What y_pred is: labels or values (n_samples,), or probabilities, (n_samples,) of
        the second of two classes or (n_samples, n_classes) of more, in the order of the
        sorted labels.
    greater_is_better : bool, default=True
        Whether more is better. The scores of an error are negated, as those of names
        with "neg_" are.

    Returns
    -------
    Metric
        To be given as `metric`, in a list of them, or in a dict.

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
            f"make_metric: response_method must be one of {list(allowed)}, found "
            f"{response_method!r}."
        )
    found = replace(
        find_metric(function, "make_metric"), needs=allowed[response_method]
    )
    return found if greater_is_better else replace(found, is_error=True, sign=-1)


def _guessed(metric: Any) -> str:
    """Return an unknown metric, and the known one whose name is most like it."""
    if isinstance(metric, str):
        return with_guesses([metric], metric_names())
    return repr(metric)


def is_error(metric: MetricChoice, who: str) -> bool:
    """Say whether a metric is an error (smaller is better), or a negated one."""
    return find_metric(metric, who).is_error


def choice_of_task(
    choice: Any,
    name: str,
    kind: str,
    default: Any = None,
    classes: np.ndarray | None = None,
) -> Any:
    """Return what is said of one task: by its name, by its kind, or for all."""
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
    """Return what `metric` says of one task: by name, by kind, or for all."""
    target = target_of(kind, classes)
    chosen: Any = choice_of_task(metric, name, kind, "auto", classes)
    if is_by_kind(chosen):
        chosen = target.metric(chosen, kind, classes)
    found = find_metric(chosen, who)
    if found.kind is not None and found.kind not in target.scored_by:
        raise TaskError(
            f"{who}: task {name!r} is a {kind} task, which {found.name!r} cannot "
            "score. Give a dict by kind, such as {'classification': 'accuracy', "
            "'regression': 'r2'}, or 'auto'."
        )
    return found


def read_metric(metric: MetricChoice, names: list[str], who: str) -> MetricChoice:
    """Return metrics by name of task or kind, refusing keys that are neither."""
    if not isinstance(metric, Mapping):
        return metric
    kinds = {k for one in TARGET_KINDS for k in (*one.kinds, one.type)} - set(names)
    by_kind = {key: one for key, one in metric.items() if key in kinds}
    others = {key: one for key, one in metric.items() if key not in kinds}
    try:
        return {**by_kind, **match_tasks(others, names, "metric", who)}
    except TaskError as error:
        raise TaskError(
            f"{error} Allowed are also the kinds 'binary', 'multiclass', "
            "'classification', 'regression' and 'tokens'."
        ) from None
