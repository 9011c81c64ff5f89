"""Comparison of models on several data sets."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sklearn_mtl.comparison._compare import check_lengths, compare
from sklearn_mtl.comparison._comparison import Comparison
from sklearn_mtl.comparison._datasets_comparison import DatasetsComparison
from sklearn_mtl.comparison.design._inputs import check_inputs, read_inputs
from sklearn_mtl.comparison.design._splits import Folding
from sklearn_mtl.comparison.design._targets import read_targets
from sklearn_mtl.comparison.report._progress import minutes
from sklearn_mtl.exceptions import NegativeTransferWarning

__all__ = ["compare_datasets"]

_WHO = "compare_datasets"


def compare_datasets(
    datasets: Mapping[str, Any],
    estimators: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    alpha: float = 0.05,
    **options: Any,
) -> DatasetsComparison:
    """Compare models on several data sets.

    `compare` runs on each data set. The models are then ranked on each data set by
    their mean score over the tasks, with rank 1 for the best, and the mean ranks are
    compared [1]_: Friedman's test checks whether any models differ, and Nemenyi's test
    which pairs do.

    Parameters
    ----------
    datasets : mapping of str to data
        At least two data sets by name. Each is a pair (X, y), a Bunch with `data`,
        `target` and optionally `groups`, or a function that returns one of these. A
        function is called twice, first to check the data and again for the comparison,
        so that only one data set is in memory at a time.
    estimators : None, sequence or mapping, default=None
        Models to compare, as in `compare`. Models that are not compared on all data
        sets are shown but not ranked.
    alpha : float, default=0.05
        Significance level of the tests between models.
    **options : dict
        Other arguments of `compare`, used for all data sets. One `cache_dir` can be
        used for all of them, so that an interrupted run can be resumed. With `verbose`,
        the current data set and the estimated remaining time are also printed to
        stderr. The estimate assumes times proportional to the number of labels.

    Returns
    -------
    DatasetsComparison
        Tables, mean ranks and counts of wins, with the methods `plot()`,
        `to_html(path)`, `to_csv(path)` and `to_latex(path)`.

    Raises
    ------
    ValueError
        If there are fewer than two data sets, or if one of them cannot be compared. The
        message names the data set. All data sets are checked before the first fit.

    Warns
    -----
    NegativeTransferWarning
        If sharing significantly hurts a task. There is one warning per data set.

    See Also
    --------
    compare : Compare on one data set.

    References
    ----------
    .. [1] J. Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets",
       Journal of Machine Learning Research 7, 1-30, 2006.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_mtl.comparison import compare_datasets
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> datasets = {
    ...     f"seed {seed}": make_multitask_regression(60, 10, 2, random_state=seed)
    ...     for seed in (0, 1)
    ... }
    >>> rows = ["dummy", "linear", ("ridge", Ridge())]
    >>> found = compare_datasets(datasets, rows, cv=2)
    >>> found.table.shape
    (2, 5)
    """
    if not hasattr(datasets, "items") or len(datasets) < 2:
        raise ValueError(
            f"{_WHO}: datasets must be a dict of at least two data sets by name. Use "
            "compare for a single data set."
        )
    sizes = {str(name): _check(str(name), datasets[name], options) for name in datasets}
    comparisons: dict[str, Comparison] = {}
    start = time.monotonic()
    for name, given in datasets.items():
        if options.get("verbose"):
            spent = time.monotonic() - start
            sys.stderr.write(f"{_progress_line(list(comparisons), sizes, spent)}\n")
        X, y, groups = _read(str(name), given)
        with warnings.catch_warnings(record=True) as caught, _named(str(name)):
            warnings.simplefilter("always")
            own = {**options, "groups": options.get("groups", groups)}
            comparisons[str(name)] = compare(X, y, estimators, **own)
        _reissue(caught, str(name))
    return DatasetsComparison(comparisons, alpha=alpha)


def _progress_line(done: Sequence[str], sizes: Mapping[str, int], spent: float) -> str:
    """Return a line with the next data set and the estimated remaining time."""
    name = list(sizes)[len(done)]
    line = f"{_WHO}: {name}, data set {len(done) + 1} of {len(sizes)}, {minutes(spent)}"
    if not done:
        return line
    size = sum(sizes[one] for one in done)
    left = spent * (sum(sizes.values()) - size) / size
    return f"{line}, about {minutes(left)} left"


def _check(name: str, given: Any, options: Mapping[str, Any]) -> int:
    """Raise if a data set cannot be compared, and return its number of labels."""
    X, y, groups = _read(name, given)
    groups = options.get("groups", groups)
    # compare issues these warnings later
    with warnings.catch_warnings(), _named(name):
        warnings.simplefilter("ignore")
        trunk = options.get("trunk")
        check_inputs(X, trunk)
        hidden = options.get("missing_fraction", 0.0), options.get("random_state", 0)
        targets = read_targets(y, options.get("task_types"), *hidden)
        check_lengths(read_inputs(X, trunk).X, targets, groups)
        folding = Folding(targets.task_types, groups, hidden[1])
        folds = options.get("cv", 5), options.get("n_repeats", 1)
        folding.outer(*folds, X, targets.y)
    return int(targets.observed("y_fit").sum())


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Add the name of the data set to errors."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{_WHO}: data set {name!r}: {error}") from error


def _read(name: str, given: Any) -> tuple[Any, Any, Any]:
    if callable(given):
        given = given()
    if hasattr(given, "data") and hasattr(given, "target"):
        return given.data, given.target, getattr(given, "groups", None)
    if isinstance(given, tuple | list) and len(given) == 2:
        return given[0], given[1], None
    raise ValueError(
        f"{_WHO}: data set {name!r} is a {type(given).__name__}; it must be a pair "
        "(X, y), a Bunch with data and target, or a function that returns one."
    )


def _reissue(caught: list[warnings.WarningMessage], name: str) -> None:
    """Reissue the warnings of one comparison with the name of its data set."""
    for warning in caught:
        if issubclass(warning.category, NegativeTransferWarning):
            text = str(warning.message).partition(": ")[2]
            message = f"{_WHO}: on {name!r} {text}"
            warnings.warn(message, NegativeTransferWarning, stacklevel=3)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
