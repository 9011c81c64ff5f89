"""Compare on several data sets at once."""

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
    """Find out on which data sets learning tasks together helps, and which model wins.

    `compare` runs on each data set. Models are then ranked on each data set by their
    mean score over the tasks, 1 being the best, and the mean ranks are compared [1]_:
    Friedman's test asks whether any model differs, Nemenyi's which ones do.

    Parameters
    ----------
    datasets : mapping of str to data
        Data sets by name, two at least: a pair (X, y), a Bunch with `data`, `target`
        and perhaps `groups`, or a function that returns one of these. It is called
        twice, to check its data and when its turn comes, so that they need not be in
        memory together.
    estimators : None, sequence or mapping, default=None
        As in `compare`. Models that do not stand for all data sets, as those known by
        name do not for all kinds of tasks, are shown but not ranked.
    alpha : float, default=0.05
        Level of the tests between models.
    **options : dict
        Further arguments of `compare`, for all data sets; one `cache_dir` serves all,
        so that a run that was interrupted continues where it was. With `verbose` stderr
        also shows which data set is compared and about how long all that are left take,
        in proportion to their labels.

    Returns
    -------
    DatasetsComparison
        Tables, mean ranks, wins; `plot()`, `to_html(path)`, `to_csv(path)`,
        `to_latex(path)`.

    Raises
    ------
    ValueError
        If there are fewer than two data sets, or one cannot be compared; the
        message names it. All sets are checked before the first fit.

    Warns
    -----
    NegativeTransferWarning
        If sharing hurts a task of a data set by more than noise, once a data set.

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
            f"{_WHO}: two data sets at least are needed, as a dict by name; for one "
            "there is compare."
        )
    sizes = {str(name): _check(str(name), datasets[name], options) for name in datasets}
    comparisons: dict[str, Comparison] = {}
    start = time.monotonic()
    for name, given in datasets.items():
        if options.get("verbose"):
            spent = time.monotonic() - start
            sys.stderr.write(f"{_how_far(list(comparisons), sizes, spent)}\n")
        X, y, groups = _read(str(name), given)
        with warnings.catch_warnings(record=True) as caught, _named(str(name)):
            warnings.simplefilter("always")
            own = {**options, "groups": options.get("groups", groups)}
            comparisons[str(name)] = compare(X, y, estimators, **own)
        _tell_again(caught, str(name))
    return DatasetsComparison(comparisons, alpha=alpha)


def _how_far(done: Sequence[str], sizes: Mapping[str, int], spent: float) -> str:
    """Say which data set is next, and how long it and the ones after it will take."""
    name = list(sizes)[len(done)]
    line = f"{_WHO}: {name}, data set {len(done) + 1} of {len(sizes)}, {minutes(spent)}"
    if not done:
        return line
    size = sum(sizes[one] for one in done)
    left = spent * (sum(sizes.values()) - size) / size
    return f"{line}, about {minutes(left)} left"


def _check(name: str, given: Any, options: Mapping[str, Any]) -> int:
    """Refuse what no model can be fitted to, before other data sets take their time.

    Return the number of labels.
    """
    X, y, groups = _read(name, given)
    groups = options.get("groups", groups)
    # compare warns of it when its turn comes
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
    """Name the data set in an error."""
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
        f"{_WHO}: data set {name!r} is a {type(given).__name__}; give a pair "
        "(X, y), or a Bunch with data and target."
    )


def _tell_again(caught: list[warnings.WarningMessage], name: str) -> None:
    """Warn of what one comparison warned of, with the name of its data set."""
    for warning in caught:
        if issubclass(warning.category, NegativeTransferWarning):
            text = str(warning.message).partition(": ")[2]
            message = f"{_WHO}: on {name!r} {text}"
            warnings.warn(message, NegativeTransferWarning, stacklevel=3)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
