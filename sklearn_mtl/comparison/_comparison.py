"""What `compare` returns: numbers, tables, a verdict, pictures, a page."""

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
    """Scores of several models on the same splits, and what sharing gains.

    Made by `compare`. All tables are views of the arrays in `measured`.

    Parameters
    ----------
    tasks : sequence of TaskRow
        The tasks.
    models : sequence of ModelRow
        The models.
    measured : Measured
        Scores and times.
    problems : sequence of Problem, default=()
        Errors and warnings of single fits.
    setting : mapping, default=None
        How it was made; shown on the page and in the JSON.
    confidence : float, default=0.95
        Confidence of the intervals.
    curve : LearningCurve, default=None
        Scores with fewer labels.
    estimators : mapping, default=None
        What was fitted, unfitted, by the name of the row.

    Attributes
    ----------
    table : DataFrame
        One row a model: mean score of each task, their mean, mean gain from sharing
        and over the automatically selected row with their ends, and the costs of a
        fit: mean seconds of fit and prediction, and size of the pickled model in MB.
    gain : DataFrame
        One row for each shared model, reference and task: gain, ends, p-values, and
        the ends of the adjusted interval that decides `effect`.
    scores : DataFrame
        One row for each model, split, task and metric.
    gains : list of Gain
        The rows of `gain` as objects.
    counts : DataFrame
        One row for each shared model and reference: tasks won, tied and lost beyond
        noise, and by the sign of the gain alone.
    learning_curve : DataFrame
        One row for each shared model, task and share of the labels: score, that of the
        twin, gain, and its ends after Holm. Raises ValueError if none was measured.
    recommended : str or None
        Name of the row to use: the smallest of those within a standard error of the
        best mean score that are not behind it beyond noise. None where no row has all
        scores.
    recommendation : Recommendation or None
        The same with the mean scores of all rows, the best first, and the differences
        to the best row with adjusted intervals.
    verdict : str
        Which row to use and how sure that is; then, in a line for each shared model,
        whether sharing helps and on which tasks.

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
            The shared model; None takes the last one with a twin.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TaskGainDisplay
            Holds what was drawn: `gains_`, `ax_`, `figure_`.
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
        """Draw the scores of all models, task by task.

        Parameters
        ----------
        tasks, models : sequence of str, default=None
            Which; None takes all.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TaskScoreDisplay
            Holds what was drawn: `scores`, `means_`, `ax_`, `figure_`.
        """
        from sklearn_mtl.comparison.plots._scores import TaskScoreDisplay

        return TaskScoreDisplay.from_comparison(self, tasks=tasks, models=models, ax=ax)

    def plot_learning_curve(
        self, *, model: str | None = None, task: str = MEAN, ax: Axes | None = None
    ) -> SampleEfficiencyDisplay:
        """Draw score against number of labels, shared and twin.

        Parameters
        ----------
        model : str, default=None
            The shared model; None takes the last one with a twin.
        task : str, default="mean"
            The task, or "mean" for the mean over tasks.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        SampleEfficiencyDisplay
            Holds what was drawn.

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
            Name of another row; None takes the recommended one.

        Returns
        -------
        estimator
            An unfitted clone with the preparation of its inputs: `fit(X, y)` takes what
            `compare` took, `save` writes it.

        Raises
        ------
        KeyError
            If there is no such row; the message lists the rows.
        ValueError
            If no row is recommended, or the comparison was made without estimators.

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
                "Comparison: no row has all scores, so none is recommended; name one."
            )
        if name not in self.estimators:
            raise ValueError(
                f"Comparison: {name!r} has no estimator here; compare() gives them."
            )
        return clone(self.estimators[name])

    def to_text(self, width: int = 100) -> str:
        """Return everything as text.

        Parameters
        ----------
        width : int, default=100
            Columns of the terminal.

        Returns
        -------
        str
            Plain text, ASCII but for the names of tasks and models.
        """
        return to_text(self, width)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists and dicts, ready for JSON.

        Returns
        -------
        dict
            verdict, recommended, ranking, setting, tasks, models, table, gain, scores,
            chosen, problems; None stands for NaN.
        """
        from sklearn_mtl.comparison.report._export import as_dict

        return as_dict(self)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write `to_dict()` to a file.

        Parameters
        ----------
        path : str or path-like
            The file.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return `table` as comma-separated values, and write it to a file.

        Parameters
        ----------
        path : str or path-like, default=None
            The file; None writes none.

        Returns
        -------
        str
            One line for each model, numbers with all their digits. `scores` has every
            split.
        """
        text: str = self.table.to_csv(lineterminator="\n")
        return _written(text, path)

    def to_latex(self, path: str | os.PathLike[str] | None = None) -> str:
        r"""Return the mean scores as a table for LaTeX, and write it to a file.

        Parameters
        ----------
        path : str or path-like, default=None
            The file; None writes none.

        Returns
        -------
        str
            A tabular with the rules of the package booktabs: a row for each model, a
            column for each task, the best score of each column in bold.

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
        """Write a page that shows everything: one file, no network, fit for a phone.

        Parameters
        ----------
        path : str or path-like
            The file.
        affinity : TaskAffinity, DataFrame or array-like, default=None
            How much the task of a row helps that of a column, as
            `inspection.task_affinity` measures it; shown if given.

        Raises
        ------
        ImportError
            If jinja2 or matplotlib is not installed: the extra `report`.
        ValueError
            If the affinity does not fit its names.
        """
        from sklearn_mtl.comparison.report._html import as_page

        check_report("Comparison.to_html")
        Path(path).write_text(as_page(self, affinity), encoding="utf-8")

    def _repr_html_(self) -> str | None:
        """Return verdict and tables for a notebook; without jinja2 None: the text."""
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
    """Write a text if there is a path, and return it."""
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text
