"""What sharing is worth: in errors, and in labels."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.comparison.report._words import worth_in_labels
from sklearn_mtl.comparison.results._counts import error_reduction
from sklearn_mtl.comparison.results._gains import MEAN, TWIN
from sklearn_mtl.comparison.results._rows import BEST_SINGLE, shared_row
from sklearn_mtl.comparison.run._curve import labels_of_twin
from sklearn_mtl.metrics import mean_over_tasks

if TYPE_CHECKING:
    from sklearn_mtl.comparison._comparison import Comparison

__all__ = ["WorthMixin"]


class WorthMixin:
    """Methods of `Comparison` that turn gains into other units."""

    def delta_m(self, model: str | None = None, *, against: str = TWIN) -> float:
        """Return the mean relative reduction of the errors by a shared model.

        Parameters
        ----------
        model : str, default=None
            The shared model; None takes the last one.
        against : {"twin", "best single"}, default="twin"
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
            If there is no such shared model or reference.

        Warns
        -----
        UndefinedMetricWarning
            Which tasks make it NaN, and why.
        """
        models = cast("Comparison", self).models
        name = shared_row(models, model, "Comparison.delta_m")
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
        against : {"twin", "best single"}
            The single-task row.

        Returns
        -------
        (float, str)
            The value; an empty text, or why it is NaN.

        Raises
        ------
        ValueError
            If there is no such reference.
        """
        made = cast("Comparison", self)
        scores, twin = made.measured.scores, made.models[made.row(name)].twin
        if against == BEST_SINGLE:
            other = made.measured.best_single()
        elif against == TWIN and twin is not None:
            other = scores[made.row(twin)]
        else:
            raise ValueError(
                f"Comparison.delta_m: against is {against!r}; it must be {TWIN!r} or "
                f"{BEST_SINGLE!r}."
            )
        own = mean_over_tasks(scores[made.row(name)].T)  # over splits
        return error_reduction(made.tasks, own, mean_over_tasks(other.T))

    def labels_saved(self, model: str | None = None) -> str:
        """Say how many labels the twin needs for what sharing does with the fewest.

        Parameters
        ----------
        model : str, default=None
            The shared model; None takes the last one.

        Returns
        -------
        str
            A sentence on the mean over tasks; empty where the gain with the fewest
            labels is no more than noise.

        Raises
        ------
        ValueError
            If there is no such shared model, or no learning curve was measured.
        """
        made = cast("Comparison", self)
        name = shared_row(made.models, model, "Comparison.labels_saved")
        frame = made.learning_curve
        rows = frame[(frame["model"] == name) & (frame["task"] == MEAN)]
        few, most = rows["labels"].iloc[[0, -1]]
        if not rows["low"].iloc[0] > 0:  # NaN too
            return ""
        return worth_in_labels(few, labels_of_twin(rows), most)
