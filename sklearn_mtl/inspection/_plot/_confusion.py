"""Plot of the confusion matrices of classification tasks."""

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
    """Confusion matrices of the classification tasks.

    Samples without a label of a task are not counted in its matrix. It is recommended
    to use `from_estimator` or `from_predictions`.

    Parameters
    ----------
    matrices : sequence of array-like of shape (n_classes, n_classes)
        Confusion matrix of each task. Rows are true classes, columns predicted classes.
    task_names : sequence of str
        Names of the tasks.
    labels : sequence of array-like of shape (n_classes,)
        Classes of each task.
    normalize : {"true", "pred", "all"} or None, default=None
        Normalisation of the matrices, which sets the range of the colours.

    Attributes
    ----------
    matrices : list of ndarray
        Confusion matrices.
    task_names : list of str
        Names of the tasks.
    labels : list of ndarray
        Classes of each task.
    axes_ : ndarray of matplotlib Axes of shape (n_tasks,)
        Axes of the plots.
    figure_ : matplotlib Figure
        Figure of the plots.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Confusion matrix of a single task.

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
        """Plot the confusion matrices of the predictions of an estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted estimator with `predict`.
        X : array-like of shape (n_samples, n_features)
            Input data.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values; NaN where missing.
        tasks : sequence of str, default=None
            Names of the tasks to draw; None draws all classification tasks.
        normalize : {"true", "pred", "all"} or None, default="true"
            Whether to normalise the counts over the true classes (rows), the predicted
            classes (columns) or all samples. None does not normalise.
        ax : matplotlib Axes or array of them, default=None
            Axes to draw on: one per task, or a single one that is divided among the
            tasks. None creates a figure.

        Returns
        -------
        TaskConfusionDisplay
            The display after plotting.

        Raises
        ------
        TaskError
            If y is a DataFrame whose columns are not the tasks of the estimator, a task
            is unknown, or no task has classes.
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
        """Plot the confusion matrices of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values; NaN where missing.
        y_pred : array-like of shape (n_samples,) or (n_samples, n_tasks), or dict
            Predicted labels, as returned by `predict`. The columns of a DataFrame are
            matched by name.
        tasks : sequence of str, default=None
            Names of the tasks to draw; None draws all classification tasks.
        normalize : {"true", "pred", "all"} or None, default="true"
            Whether to normalise the counts over the true classes (rows), the predicted
            classes (columns) or all samples. None does not normalise.
        ax : matplotlib Axes or array of them, default=None
            Axes to draw on: one per task, or a single one that is divided among the
            tasks. None creates a figure.

        Returns
        -------
        TaskConfusionDisplay
            The display after plotting.

        Raises
        ------
        TaskError
            If the shapes or the types of the labels of y_true and y_pred differ, a
            prediction is missing or is not a label, a task is unknown, or no task has
            classes.
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
        """Compute the confusion matrices of tasks of the given types."""
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
        """Draw the confusion matrices.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            Axes to draw on: one per task, or a single one that is divided among the
            tasks. None creates a figure.

        Returns
        -------
        TaskConfusionDisplay
            The display itself.

        Raises
        ------
        ValueError
            If the number of axes is neither one nor the number of tasks.
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
        """Return the axes of each task."""
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
            raise ValueError(
                f"{_WHO}: got {len(given)} axes for {n_tasks} tasks; ax must have one "
                "axes per task, or one for all."
            )
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
    """Return the indices of the tasks to draw."""
    if tasks is None:
        has_classes = [t for t in range(known.n_tasks) if _has_matrix(known.tasks[t])]
    else:
        has_classes = [known.index(name, who=_WHO) for name in tasks]
    for t in has_classes:
        if not _has_matrix(known.tasks[t]):
            found = (
                "has one label per token"
                if known.tasks[t].is_tokens
                else "has no classes"
            )
            raise TaskError(
                f"{_WHO}: task {known.names[t]!r} {found}; a confusion matrix requires "
                "a task with one class per sample."
            )
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
    """Return the matrix of a task and its classes, including predicted-only classes."""
    name, true = columns.names[t], columns.values[t]
    if predicted[t].ndim != 1:
        raise TaskError(
            f"{_WHO}: y_pred of task {name!r} has shape {predicted[t].shape}; it must "
            "contain predicted labels, of shape (n_samples,)."
        )
    guessed = read_predicted(predicted[t][columns.observed[:, t]])
    if guessed is None:
        raise TaskError(
            f"{_WHO}: y_pred of task {name!r} has missing predictions (NaN); each "
            "sample with a label needs a prediction."
        )
    check_labels(guessed, np.unique(true), name, _WHO)
    as_true = guessed.astype(true.dtype)
    if true.dtype.kind not in "US" and (as_true == guessed).all():
        guessed = as_true
    labels = np.unique(np.concatenate([true, guessed]))
    found = confusion_matrix(true, guessed, labels=labels, normalize=normalize)
    return found, labels
