"""A confusion matrix for each classification task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import (
    check_labels,
    kinds_of_tasks,
    read_predicted,
    read_predictions,
)
from sklearn_mtl.tasks import TargetColumns, Task, TaskSet, read_columns, read_tasks
from sklearn_mtl.utils._colors import SEQUENTIAL
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._optional import import_optional
from sklearn_mtl.utils._pipelines import fitted_model
from sklearn_mtl.utils._typing import FeaturesLike, Predictor, TargetsLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["TaskConfusionDisplay"]

_WHO = "TaskConfusionDisplay"
_N_COLUMNS = 3


class TaskConfusionDisplay:
    """Which classes are taken for which, a matrix for each classification task.

    Only rows with a label count. It is recommended to use `from_estimator` or
    `from_predictions`.

    Parameters
    ----------
    matrices : sequence of array-like of shape (n_classes, n_classes)
        A matrix a task: true classes by row, predicted ones by column.
    task_names : sequence of str
        Names of the tasks.
    labels : sequence of array-like of shape (n_classes,)
        The classes of each task.
    normalize : {"true", "pred", "all"} or None, default=None
        What the matrices were divided by; for the colours.

    Attributes
    ----------
    matrices : list of ndarray
        The matrices.
    task_names : list of str
        Names of the tasks.
    labels : list of ndarray
        The classes.
    axes_ : ndarray of matplotlib Axes of shape (n_tasks,)
        Where they were drawn.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : The matrix of one task.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.inspection import TaskConfusionDisplay
    >>> shown = TaskConfusionDisplay([np.eye(2)], ["drop-out"], [["no", "yes"]])
    >>> shown.matrices[0].shape
    (2, 2)
    """

    def __init__(
        self,
        matrices: Sequence[Any],
        task_names: Sequence[str],
        labels: Sequence[Any],
        *,
        normalize: str | None = None,
    ) -> None:
        self.matrices = [np.asarray(one) for one in matrices]
        self.task_names = [str(name) for name in task_names]
        self.labels = [np.asarray(one) for one in labels]
        self.normalize = normalize

    @classmethod
    def from_estimator(
        cls,
        estimator: Predictor,
        X: FeaturesLike,
        y: TargetsLike,
        *,
        tasks: Sequence[str] | None = None,
        normalize: str | None = "true",
        ax: Axes | Sequence[Axes] | np.ndarray | None = None,
    ) -> TaskConfusionDisplay:
        """Predict, count and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted; with `predict`.
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Labels; NaN where missing.
        tasks : sequence of str, default=None
            Which tasks, by name; None takes all that have classes.
        normalize : {"true", "pred", "all"} or None, default="true"
            Divide by the number of rows with the true class, with the predicted class,
            or of all.
        ax : matplotlib Axes or array of them, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TaskConfusionDisplay
            The display, drawn.

        Raises
        ------
        TaskError
            If the columns of a frame y are not the tasks of the estimator, a task is
            unknown, or none has classes.
        """
        warn_of_index_order(_WHO, X=X, y=y)
        model = getattr(fitted_model(estimator), "task_set_", None)
        columns = read_columns(y, _WHO)
        types = ["infer"] * len(columns.names)
        if model is not None:
            columns = replace(model.in_order(columns, _WHO), names=model.names)
            types = [task.type for task in model.tasks]
        return cls._of_columns(
            columns, estimator.predict(X), types, tasks, normalize
        ).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        tasks: Sequence[str] | None = None,
        normalize: str | None = "true",
        ax: Axes | Sequence[Axes] | np.ndarray | None = None,
    ) -> TaskConfusionDisplay:
        """Count and draw.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Labels; NaN where missing.
        y_pred : array-like of shape (n_samples,) or (n_samples, n_tasks), or dict
            What `predict` gives; the columns of a frame are matched by name.
        tasks : sequence of str, default=None
            Which tasks, by name; None takes all that have classes.
        normalize : {"true", "pred", "all"} or None, default="true"
            Divide by the number of rows with the true class, with the predicted class,
            or of all.
        ax : matplotlib Axes or array of them, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TaskConfusionDisplay
            The display, drawn.

        Raises
        ------
        TaskError
            If shapes or types of labels differ, a prediction is missing or no label, a
            task is unknown, or none has classes.
        """
        warn_of_index_order(_WHO, y_true=y_true, y_pred=y_pred)
        columns = read_columns(y_true, _WHO)
        types = ["infer"] * len(columns.names)
        return cls._of_columns(columns, y_pred, types, tasks, normalize).plot(ax=ax)

    @classmethod
    def _of_columns(
        cls,
        columns: TargetColumns,
        y_pred: ArrayLike,
        types: Sequence[str],
        tasks: Sequence[str] | None,
        normalize: str | None,
    ) -> TaskConfusionDisplay:
        """Count the labels of tasks, which are of these types."""
        outputs = read_predictions(y_pred, columns, len(columns.observed), _WHO)
        predicted = [output.values for output in outputs]
        types = kinds_of_tasks(columns, types, predicted, _WHO)
        found = read_tasks(
            columns, "mixed", _WHO, types, "warn", warn=False, allow_tokens=True
        )
        known = TaskSet(found, columns.is_1d, columns.has_names)
        chosen = _choose(known, tasks)
        counted = [_count(columns, predicted, t, normalize) for t in chosen]
        matrices, labels = zip(*counted, strict=True)
        names = [known.names[t] for t in chosen]
        return cls(matrices, names, labels, normalize=normalize)

    def plot(
        self, *, ax: Axes | Sequence[Axes] | np.ndarray | None = None
    ) -> TaskConfusionDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            Where to draw: axes for every task, or one that is divided among them. None
            makes a figure.

        Returns
        -------
        TaskConfusionDisplay
            Itself.

        Raises
        ------
        ValueError
            If the number of axes is not that of the tasks.
        """
        self.axes_ = self._divide(ax)
        for t, one in enumerate(self.axes_):
            is_share = self.normalize is not None
            shown = ConfusionMatrixDisplay(
                self.matrices[t], display_labels=self.labels[t]
            ).plot(
                ax=one,
                cmap=SEQUENTIAL,
                colorbar=False,
                values_format=".2f" if is_share else None,
                im_kw={"vmin": 0, "vmax": 1} if is_share else {"vmin": 0},
            )
            shown.ax_.set_title(self.task_names[t])
        self.figure_ = self.axes_[0].figure
        return self

    def _divide(self, ax: Axes | Sequence[Axes] | np.ndarray | None) -> np.ndarray:
        """Return axes for every task."""
        n_tasks = len(self.matrices)
        n_columns = min(n_tasks, _N_COLUMNS)
        n_rows = -(-n_tasks // n_columns)
        if ax is None:
            plt = import_optional("matplotlib.pyplot", extra="plot", who=f"{_WHO}.plot")
            size = (3.2 * n_columns, 3.2 * n_rows)
            figure = plt.figure(figsize=size, layout="constrained")
            return _cells(figure, figure.add_gridspec(n_rows, n_columns), n_tasks)
        given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(given) == n_tasks:
            return given
        if len(given) != 1:
            raise ValueError(f"{_WHO}: {len(given)} axes for {n_tasks} tasks.")
        whole = given[0]
        whole.set_axis_off()
        grid = whole.get_subplotspec().subgridspec(
            n_rows, n_columns, wspace=0.6, hspace=0.6
        )
        return _cells(whole.figure, grid, n_tasks)


def _cells(figure: Any, grid: Any, n_tasks: int) -> np.ndarray:
    n_columns = grid.get_geometry()[1]
    axes = np.empty(n_tasks, dtype=object)
    for t in range(n_tasks):
        axes[t] = figure.add_subplot(grid[divmod(t, n_columns)])
    return axes


def _choose(known: TaskSet, tasks: Sequence[str] | None) -> list[int]:
    """Return the numbers of the tasks that are drawn."""
    if tasks is None:
        has_classes = [t for t in range(known.n_tasks) if _has_matrix(known.tasks[t])]
    else:
        has_classes = [known.index(name, who=_WHO) for name in tasks]
    for t in has_classes:
        if not _has_matrix(known.tasks[t]):
            lacks = "one label per sample" if known.tasks[t].is_tokens else "classes"
            raise TaskError(f"{_WHO}: task {known.names[t]!r} has no {lacks}.")
    if not has_classes:
        raise TaskError(f"{_WHO}: none of the tasks {known.names} has classes.")
    return has_classes


def _has_matrix(task: Task) -> bool:
    return task.is_classification and task.n_classes > 0


def _count(
    columns: TargetColumns,
    predicted: Sequence[np.ndarray],
    t: int,
    normalize: str | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrix of a task and its classes, those predicted alone among them."""
    name, true = columns.names[t], columns.values[t]
    if predicted[t].ndim != 1:
        raise TaskError(
            f"{_WHO}: y_pred of task {name!r} has shape {predicted[t].shape}; it must "
            "be the predicted labels (n_samples,)."
        )
    guessed = read_predicted(predicted[t][columns.observed[:, t]])
    if guessed is None:
        raise TaskError(
            f"{_WHO}: y_pred of task {name!r} has missing predictions (NaN); every "
            "sample with a label needs one."
        )
    check_labels(guessed, np.unique(true), name, _WHO)
    as_true = guessed.astype(true.dtype)
    if true.dtype.kind not in "US" and (as_true == guessed).all():
        guessed = as_true
    labels = np.unique(np.concatenate([true, guessed]))
    found = confusion_matrix(true, guessed, labels=labels, normalize=normalize)
    return found, labels
