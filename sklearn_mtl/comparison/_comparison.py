"""What `compare` returns: numbers, tables, a verdict, a page."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.plots._methods import PlotsMixin
from sklearn_mtl.comparison.report._text import to_text
from sklearn_mtl.comparison.results._counts import count_frame
from sklearn_mtl.comparison.results._gains import Gain, compute_gains
from sklearn_mtl.comparison.results._rows import (
    FitProblem,
    Measured,
    ModelRow,
    TaskRow,
)
from sklearn_mtl.comparison.results._tables import (
    gain_frame,
    score_frame,
    summary_frame,
)
from sklearn_mtl.comparison.results._verdict import verdicts
from sklearn_mtl.comparison.results._worth import WorthMixin
from sklearn_mtl.comparison.run._curve import LearningCurve, curve_frame
from sklearn_mtl.metrics import MEAN_OF_UNITS, mean_over_tasks
from sklearn_mtl.utils._optional import check_report, is_installed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison"]


class Comparison(PlotsMixin, WorthMixin):
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

    Attributes
    ----------
    table : DataFrame
        One row a model: mean score of each task, their mean, mean gain from sharing
        and over the best single row with their ends, and the costs of a fit: mean
        seconds of fit and prediction, size of the pickled model in MB, and the median
        growth of the memory of the process in MB.
    gain : DataFrame
        One row for each shared model, reference and task: gain, ends, p-values.
    scores : DataFrame
        One row for each model, split, task and metric.
    gains : list of Gain
        The rows of `gain` as objects.
    counts : DataFrame
        One row for each shared model and reference: tasks won, tied and lost beyond
        noise, and by the sign of the gain alone.
    learning_curve : DataFrame
        One row for each shared model, task and share of the labels: score, that of the
        twin, gain and its ends. Raises ValueError if none was measured.
    verdict : str
        What the gains show, one sentence a shared model.

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

    def __init__(
        self,
        tasks: Sequence[TaskRow],
        models: Sequence[ModelRow],
        measured: Measured,
        problems: Sequence[FitProblem] = (),
        setting: Mapping[str, Any] | None = None,
        confidence: float = 0.95,
        curve: LearningCurve | None = None,
    ) -> None:
        self.tasks = list(tasks)
        self.models = list(models)
        self.measured = measured
        self.problems = list(problems)
        self.setting = dict(setting or {})
        self.confidence = confidence
        self.curve = curve

    @cached_property
    def gains(self) -> list[Gain]:
        """Gains of the shared models, task by task and in the mean."""
        return compute_gains(self.models, self.tasks, self.measured, self.confidence)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a model: scores, mean gains with their ends, seconds a fit."""
        return summary_frame(self.models, self.tasks, self.measured, self.gains)

    @cached_property
    def gain(self) -> pd.DataFrame:
        """One row for each shared model, reference and task."""
        return gain_frame(self.gains)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row for each model, split, task and metric."""
        return score_frame(self.models, self.tasks, self.measured)

    @cached_property
    def counts(self) -> pd.DataFrame:
        """One row for each shared model and reference: wins, ties and losses."""
        return count_frame(self.gains)

    @cached_property
    def learning_curve(self) -> pd.DataFrame:
        """One row for each shared model, task and share of the labels."""
        if self.curve is None:
            raise ValueError(
                "Comparison: no learning curve was measured; call compare with "
                "learning_curve=(0.1, 0.3, 1.0)."
            )
        ratios = self.measured.ratios
        return curve_frame(self.curve, self.models, self.tasks, ratios, self.confidence)

    @property
    def verdict(self) -> str:
        """What the gains show, a line for each shared model."""
        lines = verdicts(self.models, self.gains)
        return "\n".join(lines) or "No shared model was compared."

    @property
    def mean_note(self) -> str:
        """What means over tasks are of, where scores are in different units; or ""."""
        return MEAN_OF_UNITS if any(task.unit != 1.0 for task in self.tasks) else ""

    @property
    def n_splits(self) -> int:
        """Number of splits."""
        return int(self.measured.scores.shape[1])

    def row(self, name: str) -> int:
        """Return the place of a model in the arrays.

        Parameters
        ----------
        name : str
            Name of a row.

        Returns
        -------
        int
            Its place.

        Raises
        ------
        KeyError
            If there is no such row; the message lists the rows.
        """
        names = [model.name for model in self.models]
        if name not in names:
            raise KeyError(f"Comparison: no model {name!r}. Known models: {names}.")
        return names.index(name)

    def n_scored(self, name: str) -> int:
        """Return in how many splits a model has scores.

        Parameters
        ----------
        name : str
            Name of a row.

        Returns
        -------
        int
            Number of splits.
        """
        scores = self.measured.scores[self.row(name)]
        return int((~np.isnan(scores)).any(axis=1).sum())

    def beside_means(self, name: str) -> list[tuple[str, str, float, float, float]]:
        """Return the second scores of a shared model beside its references.

        Parameters
        ----------
        name : str
            Name of a shared row.

        Returns
        -------
        list of tuple
            (task, metric, model, twin, best single) for each task with a second score.
        """
        model = self.models[self.row(name)]
        rows = [self.measured.beside[self.row(name)]]
        if model.twin is not None:
            rows.append(self.measured.beside[self.row(model.twin)])
        else:
            rows.append(np.full(rows[0].shape, np.nan))
        rows.append(self.measured.best_single("beside"))
        means = [mean_over_tasks(values.T) for values in rows]
        own, twin, best = np.array(means).tolist()
        return [
            (task.name, task.beside, own[t], twin[t], best[t])
            for t, task in enumerate(self.tasks)
            if task.beside is not None
        ]

    def chosen_counts(self) -> dict[str, dict[str, int]]:
        """Return how often each model was the best single row of a task.

        Returns
        -------
        dict of str to dict
            Task to model to number of splits, most often first.
        """
        counts: dict[str, dict[str, int]] = {}
        for t, task in enumerate(self.tasks):
            chosen = self.measured.chosen[:, t]
            places, n = np.unique(chosen[chosen >= 0], return_counts=True)
            order = np.argsort(-n, kind="stable")
            counts[task.name] = {self.models[places[i]].name: int(n[i]) for i in order}
        return counts

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
            verdict, setting, tasks, models, table, gain, scores, chosen, problems;
            None stands for NaN.
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
