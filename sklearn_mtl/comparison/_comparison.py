"""Result of `compare`: tables, verdict, plots and reports."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from sklearn_mtl.comparison.report._text import to_text
from sklearn_mtl.comparison.results._gains import MEAN
from sklearn_mtl.comparison.results._result import ComparisonResult
from sklearn_mtl.utils._optional import check_report, is_installed

if TYPE_CHECKING:
    from matplotlib.axes import Axes


if TYPE_CHECKING:
    from sklearn_mtl.comparison.plots._curve import SampleEfficiencyDisplay
    from sklearn_mtl.comparison.plots._gain import TaskGainDisplay
    from sklearn_mtl.comparison.plots._scores import TaskScoreDisplay

__all__ = ["Comparison"]


class Comparison(ComparisonResult):
    """Scores of several models on the same splits, and the gains from sharing.

    Returned by `compare`. All tables are computed from the arrays in `measured`.

    Parameters
    ----------
    tasks : sequence of TaskRow
        The tasks.
    models : sequence of ModelRow
        The models.
    measured : Measured
        Scores and times.
    problems : sequence of Problem, default=()
        Errors and warnings of individual fits.
    setting : mapping, default=None
        Data, arguments and package versions of the comparison, which are shown on the
        page and in the JSON.
    confidence : float, default=0.95
        Confidence level of the intervals.
    curve : LearningCurve, default=None
        Scores with fewer labels.
    estimators : mapping, default=None
        Unfitted estimator of each model, by name.

    Attributes
    ----------
    table : DataFrame
        One row per model: mean score of each task, their mean, mean gain from sharing
        and over the automatically selected model with interval bounds, mean seconds of
        fit and prediction, and size of the pickled model in MB.
    gain : DataFrame
        One row for each shared model, reference and task: gain, interval bounds,
        p-values, and the bounds of the adjusted interval that determines `effect`.
    scores : DataFrame
        One row for each model, split, task and metric.
    gains : list of Gain
        The rows of `gain` as objects.
    counts : DataFrame
        One row for each shared model and reference: number of tasks with a significant
        win, no significant difference and a significant loss, and number of tasks with
        a higher and a lower score.
    learning_curve : DataFrame
        One row for each shared model, task and fraction of the labels: score, score of
        the twin, gain, and its interval bounds with Holm's adjustment. Raises
        ValueError if no learning curve was measured.
    recommended : str or None
        Name of the recommended model: the smallest of those that are within one
        standard error of the best mean score and not significantly worse. None if no
        model has all scores.
    recommendation : Recommendation or None
        The recommended model with the mean scores of all models, the best first, and
        the differences to the best model with adjusted intervals.
    verdict : str
        Which model to use and how certain this is; then one line for each shared model
        on whether sharing helps and on which tasks.

    See Also
    --------
    compare : Make a comparison.

    Examples
    --------
    >>> from sklearn_mtl.comparison import compare
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> X, y = make_multitask_regression(100, 5, 2, n_informative=5, random_state=0)
    >>> comparison = compare(X, y, ["dummy", "linear"], cv=2)
    >>> comparison.chosen_counts()
    {'task0': {'linear': 2}, 'task1': {'linear': 2}}
    """

    def plot(
        self, *, model: str | None = None, ax: Axes | None = None
    ) -> TaskGainDisplay:
        """Draw the gains of a shared model with their intervals.

        Parameters
        ----------
        model : str, default=None
            Name of a shared model; None uses the last one that has a twin.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskGainDisplay
            Display with the attributes `gains_`, `ax_` and `figure_`.
        """
        from sklearn_mtl.comparison.plots._gain import TaskGainDisplay

        return TaskGainDisplay.from_comparison(self, model=model, ax=ax)

    def plot_scores(
        self,
        *,
        tasks: Sequence[str] | None = None,
        models: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> TaskScoreDisplay:
        """Draw the scores of the models on each task.

        Parameters
        ----------
        tasks, models : sequence of str, default=None
            Names of the tasks and models to draw; None draws all.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskScoreDisplay
            Display with the attributes `scores`, `means_`, `ax_` and `figure_`.
        """
        from sklearn_mtl.comparison.plots._scores import TaskScoreDisplay

        return TaskScoreDisplay.from_comparison(self, tasks=tasks, models=models, ax=ax)

    def plot_learning_curve(
        self, *, model: str | None = None, task: str = MEAN, ax: Axes | None = None
    ) -> SampleEfficiencyDisplay:
        """Draw the score of a shared model and its twin against the number of labels.

        Parameters
        ----------
        model : str, default=None
            Name of a shared model; None uses the last one that has a twin.
        task : str, default="mean"
            Name of a task, or "mean" for the mean over tasks.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        SampleEfficiencyDisplay
            Display with the attributes `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If `compare` was called without `learning_curve`.
        """
        from sklearn_mtl.comparison.plots._curve import SampleEfficiencyDisplay

        return SampleEfficiencyDisplay.from_comparison(
            self, model=model, task=task, ax=ax
        )

    def best_estimator(self, model: str | None = None) -> Any:
        """Return the recommended estimator, ready to be fitted to all samples.

        Parameters
        ----------
        model : str, default=None
            Name of another model; None uses the recommended one.

        Returns
        -------
        estimator
            Unfitted clone with the preparation of its inputs. `fit(X, y)` takes the
            same data as `compare`, and `save` can write the fitted model.

        Raises
        ------
        KeyError
            If there is no such model; the message lists the models.
        ValueError
            If no model is recommended, or the comparison was made without estimators.

        Examples
        --------
        >>> from sklearn_mtl.comparison import compare
        >>> from sklearn_mtl.datasets import make_multitask_regression
        >>> X, y = make_multitask_regression(100, 5, 2, n_informative=5, random_state=0)
        >>> comparison = compare(X, y, ["dummy", "linear"], cv=2)
        >>> comparison.recommended
        'linear'
        >>> comparison.best_estimator().fit(X, y).predict(X).shape
        (100, 2)
        """
        name = self.recommended if model is None else self.models[self.row(model)].name
        if name is None:
            raise ValueError(
                "Comparison: no model has all scores, so none is recommended. Pass the "
                "name of a model."
            )
        if name not in self.estimators:
            raise ValueError(
                f"Comparison: model {name!r} has no estimator. Comparisons returned by "
                "compare() have one for each model."
            )
        return clone(self.estimators[name])

    def to_text(self, width: int = 100) -> str:
        """Return the tables and the verdict as text.

        Parameters
        ----------
        width : int, default=100
            Width of the terminal in characters.

        Returns
        -------
        str
            Plain text. It is ASCII except for the names of tasks and models.
        """
        return to_text(self, width)

    def to_dict(self) -> dict[str, Any]:
        """Return all results as lists and dicts that JSON can represent.

        Returns
        -------
        dict
            Includes verdict, recommended, ranking, setting, tasks, models, table, gain,
            scores, chosen and problems. NaN is replaced by None.
        """
        from sklearn_mtl.comparison.report._export import as_dict

        return as_dict(self)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write `to_dict()` to a file.

        Parameters
        ----------
        path : str or path-like
            Path of the JSON file.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return `table` as comma-separated values, and optionally write it to a file.

        Parameters
        ----------
        path : str or path-like, default=None
            Path of the CSV file; None writes no file.

        Returns
        -------
        str
            One line per model, with numbers in full precision. For the scores of every
            split use `scores`.
        """
        text: str = self.table.to_csv(lineterminator="\n")
        return _written(text, path)

    def to_latex(self, path: str | os.PathLike[str] | None = None) -> str:
        r"""Return the mean scores as a LaTeX table, and optionally write it to a file.

        Parameters
        ----------
        path : str or path-like, default=None
            Path of the LaTeX file; None writes no file.

        Returns
        -------
        str
            A tabular environment that requires the package booktabs: one row per model,
            one column per task, and the best score of each column in bold.

        Examples
        --------
        >>> from sklearn_mtl.comparison import compare
        >>> from sklearn_mtl.datasets import make_multitask_regression
        >>> X, y = make_multitask_regression(100, 5, 2, n_informative=5, random_state=0)
        >>> comparison = compare(X, y, ["dummy", "linear"], cv=2)
        >>> print(comparison.to_latex())  # doctest: +ELLIPSIS
        \begin{tabular}{lrrr}
        \toprule
        model & task0 & task1 & mean \\
        \midrule
        ...
        """
        from sklearn_mtl.comparison.report._latex import score_table

        return _written(score_table(self), path)

    def to_html(self, path: str | os.PathLike[str], *, affinity: Any = None) -> None:
        """Write a self-contained HTML report.

        The page works without a network connection and on small screens.

        Parameters
        ----------
        path : str or path-like
            Path of the HTML file.
        affinity : TaskAffinity, DataFrame or array-like, default=None
            Matrix of how much the task of a row helps the task of a column, as returned
            by `inspection.task_affinity`. It is added to the page if given.

        Raises
        ------
        ImportError
            If jinja2 or matplotlib is not installed. The extra `report` installs both.
        ValueError
            If the shape of the affinity does not match the number of task names.
        """
        from sklearn_mtl.comparison.report._html import as_page

        check_report("Comparison.to_html")
        Path(path).write_text(as_page(self, affinity), encoding="utf-8")

    def _repr_html_(self) -> str | None:
        """Return verdict and tables for a notebook, or None without jinja2."""
        if not is_installed("jinja2"):
            return None
        from sklearn_mtl.comparison.report._html import as_summary

        return as_summary(self)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return (
            f"<Comparison of {len(self.models)} models on {len(self.tasks)} tasks, "
            f"{self.n_splits} splits>"
        )


def _written(text: str, path: str | os.PathLike[str] | None) -> str:
    """Write a text to a path unless it is None, and return the text."""
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text
