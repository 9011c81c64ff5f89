"""Learning curves of all tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import cross_validate

from sklearn_mtl.inspection._plot._lines import draw_task_lines
from sklearn_mtl.inspection._task_data import read_data
from sklearn_mtl.inspection._task_sets import make_splits, read_metrics
from sklearn_mtl.model_selection import per_task_scorers
from sklearn_mtl.tasks import fix_task_types
from sklearn_mtl.utils._colors import make_axes
from sklearn_mtl.utils._random import draw_seed
from sklearn_mtl.utils._typing import (
    CrossValidator,
    Estimator,
    FeaturesLike,
    MetricChoice,
    Seed,
    TargetsLike,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["MultiTaskLearningCurveDisplay"]

_WHO = "MultiTaskLearningCurveDisplay"


class MultiTaskLearningCurveDisplay:
    """Learning curves: test score of each task against the number of training samples.

    If a curve still rises at its end, more samples are likely to help; if it is flat,
    try other features or another model. It is recommended to use `from_estimator`.

    Parameters
    ----------
    train_sizes : array-like of shape (n_sizes,)
        Numbers of training samples.
    scores : array-like of shape (n_sizes, n_splits, n_tasks)
        Test scores; NaN where a task has no score.
    task_names : sequence of str of length n_tasks
        Names of the tasks.
    mean : bool, default=True
        Whether to draw the mean over tasks. `from_estimator` omits it if the scores of
        the tasks have different units.

    Attributes
    ----------
    train_sizes : ndarray of shape (n_sizes,)
        Numbers of training samples.
    scores : ndarray of shape (n_sizes, n_splits, n_tasks)
        Test scores.
    task_names : list of str
        Names of the tasks.
    mean : bool
        Whether the mean over tasks is drawn.
    means_ : ndarray of shape (n_sizes, n_tasks)
        Mean scores over splits.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Learning curve of a single score.
    sklearn_mtl.comparison.SampleEfficiencyDisplay : Learning curves of a shared model
        and its twin.

    Examples
    --------
    >>> from sklearn_mtl.inspection import MultiTaskLearningCurveDisplay
    >>> shown = MultiTaskLearningCurveDisplay(
    ...     [50, 100], [[[0.6], [0.7]], [[0.8], [0.8]]], ["grade"]
    ... )
    >>> shown.means_.round(2).ravel()
    array([0.65, 0.8 ])
    """

    def __init__(
        self,
        train_sizes: Any,
        scores: Any,
        task_names: Sequence[str],
        mean: bool = True,
    ) -> None:
        self.train_sizes = np.asarray(train_sizes)
        self.scores = np.asarray(scores, dtype=float)
        self.task_names, self.mean = [str(name) for name in task_names], mean
        expected = (len(self.train_sizes), len(self.task_names))
        if self.scores.ndim != 3 or self.scores.shape[::2] != expected:
            raise ValueError(
                f"{_WHO}: scores has shape {self.scores.shape}; for {expected[0]} "
                f"sizes and {expected[1]} tasks it must be ({expected[0]}, n_splits, "
                f"{expected[1]})."
            )
        self.means_ = _nanmean(self.scores, axis=1)

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        *,
        train_sizes: Any = (0.1, 0.325, 0.55, 0.775, 1.0),
        cv: CrossValidator = 5,
        scoring: MetricChoice | None = None,
        groups: ArrayLike | None = None,
        n_jobs: int | None = None,
        random_state: Seed = None,
        ax: Axes | None = None,
    ) -> MultiTaskLearningCurveDisplay:
        """Cross-validate with increasing numbers of training samples and plot.

        Parameters
        ----------
        estimator : estimator
            The model, which is cloned.
        X : array-like of shape (n_samples, n_features)
            Input data.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values; NaN where missing.
        train_sizes : array-like of shape (n_sizes,), default=(0.1, ..., 1.0)
            Fractions of the training set in (0, 1], or numbers of samples.
        cv : int, splitter or iterable, default=5
            Cross-validation. An integer is a number of folds, which are stratified on
            all tasks.
        scoring : str, callable or dict, default=None
            Metric, as in `per_task_scorers`; None means "auto".
        groups : array-like of shape (n_samples,), default=None
            Group labels of the samples. If `cv` is an integer, no group is divided
            between folds. A splitter, and estimators whose fit takes groups, receive
            them.
        n_jobs : int, default=None
            Number of fits to run in parallel.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the folds and of the order in which training samples are added.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        MultiTaskLearningCurveDisplay
            The display after plotting.

        Raises
        ------
        ValueError
            If a fraction is not in (0, 1], or a number not between 1 and the size of
            the smallest training set.
        """
        data = read_data(estimator, X, y, _WHO, groups=groups)
        seed = draw_seed(random_state)
        rng = np.random.default_rng(seed)
        splits = [
            (rng.permutation(train), test)
            for train, test in make_splits(data, cv, seed)
        ]
        sizes = _absolute(train_sizes, min(len(train) for train, _ in splits))
        names = data.task_set.names
        found = cross_validate(
            # a small training set may lack the labels needed to infer the task types
            fix_task_types(estimator, names, data.types, _WHO),
            data.X,
            data.y,
            cv=[(train[:n], test) for n in sizes for train, test in splits],
            scoring=per_task_scorers(
                "auto" if scoring is None else scoring, mean=False
            ),
            params=data.fit_params(estimator, _WHO),
            n_jobs=n_jobs,
            error_score="raise",
        )
        scores = np.stack([found[f"test_{name}"] for name in names], axis=-1)
        shape = len(sizes), len(splits), len(names)
        units = read_metrics(data, scoring, _WHO)[1]
        has_mean = bool((units == 1.0).all())
        return cls(sizes, scores.reshape(shape), names, has_mean).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> MultiTaskLearningCurveDisplay:
        """Draw the learning curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        MultiTaskLearningCurveDisplay
            The display itself.
        """
        ax = make_axes(ax, _WHO)
        if self.mean:
            self._draw_mean(ax)
        draw_task_lines(ax, self.train_sizes, self.means_, self.task_names)
        ax.set_xlabel("training samples")
        ax.set_ylabel("test score (higher is better)")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_mean(self, ax: Any) -> None:
        """Draw the mean over tasks with its standard deviation over splits."""
        of_splits = _nanmean(self.scores, axis=2)  # (n_sizes, n_splits)
        mean, spread = _nanmean(of_splits, axis=1), np.nanstd(of_splits, axis=1)
        style = {"color": "0.4", "linewidth": 3, "linestyle": "--"}
        ax.plot(self.train_sizes, mean, label="mean", **style)
        ends = mean - spread, mean + spread
        ax.fill_between(self.train_sizes, *ends, color="0.4", alpha=0.2, linewidth=0)


def _absolute(train_sizes: Any, n_train: int) -> np.ndarray:
    """Return the numbers of samples in increasing order."""
    sizes = np.asarray(train_sizes)
    is_share = sizes.dtype.kind == "f"
    numbers = np.floor(sizes * n_train) if is_share else sizes
    numbers = np.unique(numbers.astype(int))
    if not len(numbers) or numbers[0] < 1 or numbers[-1] > n_train:
        raise ValueError(
            f"{_WHO}: train_sizes is {train_sizes}; fractions must be in (0, 1], "
            f"numbers of samples between 1 and {n_train}."
        )
    return numbers


def _nanmean(values: np.ndarray, axis: int) -> np.ndarray:
    """Return means that ignore NaN, without the warning of nanmean for empty slices."""
    there = ~np.isnan(values)
    counts = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
