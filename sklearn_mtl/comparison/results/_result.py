"""Arrays, tables and verdict of a comparison."""

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
    """Results without plots and reports, which `Comparison` adds."""

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
        """Gains of the shared models on each task and for the mean over tasks."""
        return compute_gains(self.models, self.tasks, self.measured, self.confidence)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per model: scores, mean gains with intervals, and costs."""
        return summary_frame(self.models, self.tasks, self.measured, self.gains)

    @cached_property
    def second_table(self) -> pd.DataFrame:
        """Second scores, such as the log-loss: one row per model."""
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
        """One row for each shared model, task and fraction of the labels."""
        if self.curve is None:
            raise ValueError(
                "Comparison: no learning curve was measured; call compare with "
                "learning_curve=(0.1, 0.3, 1.0)."
            )
        ratios = self.measured.ratios
        return curve_frame(self.curve, self.models, self.tasks, ratios, self.confidence)

    @property
    def verdict(self) -> str:
        """Model to use, followed by one line on sharing for each shared model."""
        use, why = which_model(self.recommendation)
        return "\n".join([f"{use}. {why}", *self.sharing])

    @property
    def sharing(self) -> list[str]:
        """One line for each shared model on whether sharing helps."""
        lines = does_sharing_help(self.models, self.gains)
        return lines or ["No shared model was compared."]

    @cached_property
    def recommendation(self) -> Recommendation | None:
        """Model to use and its differences, or None if no model has all scores."""
        return recommend(self.models, self.tasks, self.measured, self.confidence)

    @property
    def recommended(self) -> str | None:
        """Name of the model to use, or None if no model has all scores."""
        found = self.recommendation
        return None if found is None else found.name

    @property
    def mean_note(self) -> str:
        """Explanation of the means over tasks, or "" if none is needed."""
        counts = self.measured.in_means
        left_out = [self.tasks[t].name for t in np.flatnonzero(~counts)]
        parts = [MEAN_SKILL] if self.mean_name != MEAN else []
        parts += [means_without(left_out)] if left_out else []
        return " ".join(parts)

    @property
    def mean_name(self) -> str:
        """Name of the means over tasks: "mean skill" if metrics or units differ."""
        is_scaled = any(task.unit != 1.0 for task in self.tasks)
        metrics = {task.metric for task in self.tasks}
        return "mean skill" if is_scaled or len(metrics) > 1 else MEAN

    @property
    def n_splits(self) -> int:
        """Number of splits."""
        return int(self.measured.scores.shape[1])

    def gains_of(self, model: str) -> list[Gain]:
        """Return the gains of a shared model over its twin and the selected model.

        Parameters
        ----------
        model : str
            Name of a shared model.

        Returns
        -------
        list of Gain
            Gains on each task and for the mean over tasks.
        """
        return [
            gain for gain in self.gains if gain.model == model and not gain.is_over_row
        ]

    def mean_gains(self, model: str) -> list[Gain]:
        """Return the mean gains of a shared model over every single-task model.

        Parameters
        ----------
        model : str
            Name of a shared model.

        Returns
        -------
        list of Gain
            Gains for the mean over tasks. The gain over the automatically selected
            model comes first, if there is one.
        """
        return [
            gain
            for gain in self.gains
            if gain.model == model and gain.task == MEAN and gain.against != TWIN
        ]

    def row(self, name: str) -> int:
        """Return the index of a model in the arrays.

        Parameters
        ----------
        name : str
            Name of a model.

        Returns
        -------
        int
            Index of the model.

        Raises
        ------
        KeyError
            If there is no such model; the message lists the models.
        """
        names = [model.name for model in self.models]
        if name not in names:
            raise KeyError(f"Comparison: no model {name!r}. Known models: {names}.")
        return names.index(name)

    def n_scored(self, name: str) -> int:
        """Return the number of splits in which a model has scores.

        Parameters
        ----------
        name : str
            Name of a model.

        Returns
        -------
        int
            Number of splits.
        """
        scores = self.measured.scores[self.row(name)]
        return int((~np.isnan(scores)).any(axis=1).sum())

    def chosen_counts(self) -> dict[str, dict[str, int]]:
        """Return how often each model was automatically selected for each task.

        Returns
        -------
        dict of str to dict
            For each task, the number of splits by model, in decreasing order.
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
            Name of a shared model; None uses the last one that has a twin.
        against : {"twin", "automatically selected"}, default="twin"
            Reference model.

        Returns
        -------
        float
            `metrics.delta_m` of the mean errors; 0.1 means 10 % lower errors. It is NaN
            if the metric of a task is a score such as ROC AUC, for which a relative
            reduction is undefined. Use errors, such as
            ``scoring="neg_mean_squared_error"``.

        Raises
        ------
        ValueError
            If the shared model or the reference is unknown, or the model has no twin.

        Warns
        -----
        UndefinedMetricWarning
            If the result is NaN. The warning names the tasks and the reason.
        """
        name = shared_row(self.models, model, "Comparison.delta_m")
        value, reason = self.error_reduction(name, against)
        if reason:
            warnings.warn(reason, UndefinedMetricWarning, stacklevel=2)
        return value

    def error_reduction(self, name: str, against: str) -> tuple[float, str]:
        """Return `delta_m` and the reason if it is NaN, without a warning.

        Parameters
        ----------
        name : str
            Name of a shared model.
        against : {"twin", "automatically selected"}
            Reference model.

        Returns
        -------
        (float, str)
            The value, and the reason for NaN or an empty string.

        Raises
        ------
        ValueError
            If the reference is unknown, or the model has no twin.
        """
        scores, twin = self.measured.scores, self.models[self.row(name)].twin
        if against == SELECTED:
            other = self.measured.selected()
        elif against == TWIN and twin is not None:
            other = scores[self.row(twin)]
        elif against == TWIN:
            raise ValueError(
                f"Comparison.delta_m: model {name!r} has no twin. Use "
                f"against={SELECTED!r}."
            )
        else:
            raise ValueError(
                f"Comparison.delta_m: against is {against!r}; it must be {TWIN!r} or "
                f"{SELECTED!r}."
            )
        own = mean_over_tasks(scores[self.row(name)].T)  # over splits
        return error_reduction(self.tasks, own, mean_over_tasks(other.T))

    def labels_saved(self, model: str | None = None) -> str:
        """Return a sentence on how many labels sharing saves.

        It compares the mean score over tasks of the shared model at the smallest
        fraction of the learning curve with the number of labels at which the twin
        reaches the same score.

        Parameters
        ----------
        model : str, default=None
            Name of a shared model; None uses the last one that has a twin.

        Returns
        -------
        str
            The sentence. It is empty if the gain at the smallest fraction is not
            significant.

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
            raise ValueError(f"Comparison.labels_saved: model {name!r} has no twin.")
        few, most = rows["labels"].iloc[[0, -1]]
        if not rows["low"].iloc[0] > 0:  # NaN too
            return ""
        return worth_in_labels(few, labels_of_twin(rows), most)
