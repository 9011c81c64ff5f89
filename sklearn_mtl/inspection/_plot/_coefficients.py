"""Heatmap of the coefficients of a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.inspection._plot._heatmap import draw_heatmap, largest_columns
from sklearn_mtl.inspection._steps import require
from sklearn_mtl.utils._pipelines import last_step
from sklearn_mtl.utils._typing import Estimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["TaskCoefficientDisplay"]

_WHO = "TaskCoefficientDisplay"
_HINT = "a fitted linear model, or a pipeline that ends in one"


class TaskCoefficientDisplay:
    """Heatmap of the coefficients of each task.

    The colour map is centred at zero. Coefficients of different features are only
    comparable if the features have the same scale, so standardise them. It is
    recommended to use `from_estimator`.

    Parameters
    ----------
    coefficients : array-like of shape (n_rows, n_features)
        Coefficients with one row per task; multiclass tasks have one row per class.
    row_names : sequence of str of length n_rows
        Names of the rows.
    feature_names : sequence of str of length n_features
        Names of the features.

    Attributes
    ----------
    coefficients : ndarray of shape (n_rows, n_features)
        Coefficients.
    row_names, feature_names : list of str
        Names of the rows and features.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    Examples
    --------
    >>> from sklearn_mtl.inspection import TaskCoefficientDisplay
    >>> shown = TaskCoefficientDisplay([[1.0, -2.0]], ["grade"], ["age", "absences"])
    >>> shown.coefficients.shape
    (1, 2)
    """

    def __init__(
        self,
        coefficients: Any,
        row_names: Sequence[str],
        feature_names: Sequence[str],
    ) -> None:
        self.coefficients = np.asarray(coefficients, dtype=float)
        self.row_names = [str(name) for name in row_names]
        self.feature_names = [str(name) for name in feature_names]

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        *,
        feature_names: Sequence[str] | None = None,
        max_features: int | None = None,
        ax: Axes | None = None,
    ) -> TaskCoefficientDisplay:
        """Draw the coefficients of a fitted linear model.

        Parameters
        ----------
        estimator : estimator
            Fitted linear model of this package or of scikit-learn, or a pipeline that
            ends in one. It must have `coef_`.
        feature_names : sequence of str, default=None
            Names of the features. None uses the names seen in fit, or x0, x1, ... if
            there are none.
        max_features : int, default=None
            Number of features to draw: those with the largest absolute coefficient in
            any task. None draws all.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskCoefficientDisplay
            The display after plotting.

        Raises
        ------
        TypeError
            If the estimator has no `coef_`.
        ValueError
            If the number of names differs from the number of features.
        """
        coef, last = require(estimator, "coef_", _WHO, _HINT), last_step(estimator)[1]
        blocks = _blocks(coef, getattr(last, "classes_", None))
        coefficients, names = np.vstack(blocks), _feature_names(last, feature_names)
        n_features = coefficients.shape[1]
        names = names or [f"x{i}" for i in range(n_features)]
        if len(names) != n_features:
            raise ValueError(
                f"{_WHO}: got {len(names)} feature_names for {n_features} features."
            )
        kept = largest_columns(np.abs(coefficients), max_features)
        return cls(
            coefficients[:, kept], _row_names(last, blocks), [names[i] for i in kept]
        ).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> TaskCoefficientDisplay:
        """Draw the heatmap.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskCoefficientDisplay
            The display itself.
        """
        ax = draw_heatmap(
            self.coefficients,
            self.row_names,
            self.feature_names,
            ax=ax,
            who=_WHO,
            label="coefficient",
        )
        ax.set_xlabel("feature")
        ax.set_ylabel("task")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _blocks(coef: Any, classes: Any) -> list[np.ndarray]:
    """Return the coefficients of each task (n_rows_of_the_task, n_features)."""
    if isinstance(coef, list | tuple):
        return [np.atleast_2d(np.asarray(one, dtype=float)) for one in coef]
    rows = np.atleast_2d(np.asarray(coef, dtype=float))
    # a classifier with a single task has one row per class
    return [rows] if isinstance(classes, np.ndarray) else list(rows[:, None])


def _feature_names(last: Any, given: Sequence[str] | None) -> list[str]:
    found = getattr(last, "feature_names_in_", ()) if given is None else given
    return [str(name) for name in found]


def _row_names(last: Any, blocks: Sequence[np.ndarray]) -> list[str]:
    """Return the names of the tasks, with the class if a task has several rows."""
    names = getattr(last, "task_names_in_", None)
    if names is None or len(names) != len(blocks):
        names = [f"task{t}" for t in range(len(blocks))]
    classes: Any = getattr(last, "classes_", None)
    found = []
    for t, (name, block) in enumerate(zip(names, blocks, strict=True)):
        if len(block) == 1:
            found.append(str(name))
            continue
        of_task = classes[t] if isinstance(classes, list) else classes
        found += [f"{name}: {label}" for label in of_task]
    return found
