"""What a comparison found: its arrays, the tables of them, and a verdict."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.comparison.results._counts import count_frame, error_reduction
from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain, compute_gains
from sklearn_mtl.comparison.results._recommendation import Recommendation, recommend
from sklearn_mtl.comparison.results._rows import (
    SELECTED,
    FitProblem,
    Measured,
    ModelRow,
    TaskRow,
    shared_row,
)
from sklearn_mtl.comparison.results._tables import (
    gain_frame,
    score_frame,
    second_frame,
    summary_frame,
)
from sklearn_mtl.comparison.results._verdict import does_sharing_help, which_model
from sklearn_mtl.comparison.results._words import (
    MEAN_SKILL,
    means_without,
    worth_in_labels,
)
from sklearn_mtl.comparison.run._curve import (
    LearningCurve,
    curve_frame,
    labels_of_twin,
)
from sklearn_mtl.metrics import mean_over_tasks

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ComparisonResult"]


class ComparisonResult:
    """What reports and pictures take; `Comparison` adds the methods that make them."""

    def __init__(
        self,
        tasks: Sequence[TaskRow],
        models: Sequence[ModelRow],
        measured: Measured,
        problems: Sequence[FitProblem] = (),
        setting: Mapping[str, Any] | None = None,
        confidence: float = 0.95,
        curve: LearningCurve | None = None,
        estimators: Mapping[str, Any] | None = None,
    ) -> None:
        self.tasks = list(tasks)
        self.models = list(models)
        self.measured = measured
        self.problems = list(problems)
        self.setting = dict(setting or {})
        self.confidence = confidence
        self.curve = curve
        self.estimators = dict(estimators or {})

    @cached_property
    def gains(self) -> list[Gain]:
        """Gains of the shared models, task by task and in the mean."""
        return compute_gains(self.models, self.tasks, self.measured, self.confidence)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a model: scores, mean gains with their ends, seconds a fit."""
        return summary_frame(self.models, self.tasks, self.measured, self.gains)

    @cached_property
    def second_table(self) -> pd.DataFrame:
        """Second scores, such as the log-loss: one row a model, for tasks with one."""
        return second_frame(self.models, self.tasks, self.measured)

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
        return count_frame([gain for gain in self.gains if not gain.is_over_row])

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
        """Which model to use, and then a line on sharing for each shared model."""
        use, why = which_model(self.recommendation)
        return "\n".join([f"{use}. {why}", *self.sharing])

    @property
    def sharing(self) -> list[str]:
        """Whether sharing helps, a line for each shared model."""
        lines = does_sharing_help(self.models, self.gains)
        return lines or ["No shared model was compared."]

    @cached_property
    def recommendation(self) -> Recommendation | None:
        """Which row to use, and how sure that is; None where no row has all scores."""
        return recommend(self.models, self.tasks, self.measured, self.confidence)

    @property
    def recommended(self) -> str | None:
        """Name of the row to use; None where no row has all scores."""
        found = self.recommendation
        return None if found is None else found.name

    @property
    def mean_note(self) -> str:
        """What means over tasks are of, where that is not plain; else ""."""
        counts = self.measured.in_means
        left_out = [self.tasks[t].name for t in np.flatnonzero(~counts)]
        parts = [MEAN_SKILL] if self.mean_name != MEAN else []
        parts += [means_without(left_out)] if left_out else []
        return " ".join(parts)

    @property
    def mean_name(self) -> str:
        """What a mean over tasks is called: "mean skill" where metrics differ."""
        is_scaled = any(task.unit != 1.0 for task in self.tasks)
        metrics = {task.metric for task in self.tasks}
        return "mean skill" if is_scaled or len(metrics) > 1 else MEAN

    @property
    def n_splits(self) -> int:
        """Number of splits."""
        return int(self.measured.scores.shape[1])

    def gains_of(self, model: str) -> list[Gain]:
        """Return the gains of a shared model over its twin and the selected row.

        Parameters
        ----------
        model : str
            Name of a shared row.

        Returns
        -------
        list of Gain
            Those on each task and in the mean.
        """
        return [
            gain for gain in self.gains if gain.model == model and not gain.is_over_row
        ]

    def mean_gains(self, model: str) -> list[Gain]:
        """Return the mean gains of a shared model over every single-task row.

        Parameters
        ----------
        model : str
            Name of a shared row.

        Returns
        -------
        list of Gain
            That over the automatically selected row, if there is one, comes first.
        """
        return [
            gain
            for gain in self.gains
            if gain.model == model and gain.task == MEAN and gain.against != TWIN
        ]

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

    def chosen_counts(self) -> dict[str, dict[str, int]]:
        """Return how often each model was the automatically selected row of a task.

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

    def delta_m(self, model: str | None = None, *, against: str = TWIN) -> float:
        """Return the mean relative reduction of the errors by a shared model.

        Parameters
        ----------
        model : str, default=None
            The shared model; None takes the last one with a twin.
        against : {"twin", "automatically selected"}, default="twin"
            The single-task row.

        Returns
        -------
        float
            `metrics.delta_m` of the mean errors: 0.1 is 10 % less error. NaN where a
            task is measured by a score such as AUC, which has no relative reduction;
            choose errors, such as scoring="neg_mean_squared_error".

        Raises
        ------
        ValueError
            If there is no such shared model or reference, or it has no twin.

        Warns
        -----
        UndefinedMetricWarning
            Which tasks make it NaN, and why.
        """
        name = shared_row(self.models, model, "Comparison.delta_m")
        value, reason = self.error_reduction(name, against)
        if reason:
            warnings.warn(reason, UndefinedMetricWarning, stacklevel=2)
        return value

    def error_reduction(self, name: str, against: str) -> tuple[float, str]:
        """Return `delta_m`, and the reason where it is NaN, without a warning.

        Parameters
        ----------
        name : str
            Name of a shared row.
        against : {"twin", "automatically selected"}
            The single-task row.

        Returns
        -------
        (float, str)
            The value; an empty text, or why it is NaN.

        Raises
        ------
        ValueError
            If there is no such reference, or the row has no twin.
        """
        scores, twin = self.measured.scores, self.models[self.row(name)].twin
        if against == SELECTED:
            other = self.measured.selected()
        elif against == TWIN and twin is not None:
            other = scores[self.row(twin)]
        elif against == TWIN:
            raise ValueError(f"Comparison.delta_m: {name!r} has no twin.")
        else:
            raise ValueError(
                f"Comparison.delta_m: against is {against!r}; it must be {TWIN!r} or "
                f"{SELECTED!r}."
            )
        own = mean_over_tasks(scores[self.row(name)].T)  # over splits
        return error_reduction(self.tasks, own, mean_over_tasks(other.T))

    def labels_saved(self, model: str | None = None) -> str:
        """Say how many labels the twin needs for what sharing does with the fewest.

        Parameters
        ----------
        model : str, default=None
            The shared model; None takes the last one with a twin.

        Returns
        -------
        str
            A sentence on the mean over tasks; empty where the gain with the fewest
            labels is no more than noise.

        Raises
        ------
        ValueError
            If there is no such shared model, it has no twin, or no learning curve was
            measured.
        """
        name = shared_row(self.models, model, "Comparison.labels_saved")
        frame = self.learning_curve
        rows = frame[(frame["model"] == name) & (frame["task"] == MEAN)]
        if rows.empty:
            raise ValueError(f"Comparison.labels_saved: {name!r} has no twin.")
        few, most = rows["labels"].iloc[[0, -1]]
        if not rows["low"].iloc[0] > 0:  # NaN too
            return ""
        return worth_in_labels(few, labels_of_twin(rows), most)
