"""Intervals, quantiles and sets of estimators that keep held-out predictions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.uncertainty._calibration import Calibration
from sklearn_mtl.uncertainty._calibration_data import CalibrationData, without_tokens
from sklearn_mtl.utils._categories import warning_once
from sklearn_mtl.utils._finite import check_outputs
from sklearn_mtl.utils._typing import FeaturesLike

__all__ = ["IntervalsMixin", "SetsMixin", "StandardDeviationMixin"]


class _CalibratedOutputs:
    """What intervals and sets read: outputs of new samples, and a calibration.

    An estimator gives `_calibration_data`, which raises where nothing was held out. It
    may give `_outputs_and_variance`, where errors are known of the members of an
    ensemble: outputs, and the variance of the members' values around them.
    """

    task_set_: TaskSet

    if TYPE_CHECKING:  # no methods here, for the mixin stands in front of who has them

        def _calibration_data(self) -> CalibrationData: ...
        def _labelled_tasks(self) -> list[Any]: ...
        def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]: ...

    def _calibrated(self) -> Calibration:
        check_is_fitted(self)
        return Calibration.of(self._calibration_data())

    def _finite_with_variance(
        self, X: FeaturesLike
    ) -> tuple[list[np.ndarray], np.ndarray | None]:
        with warning_once(), np.errstate(over="ignore", invalid="ignore"):
            # no default method: the mixin stands in front of who has a better one
            ask = getattr(self, "_outputs_and_variance", None)
            outputs, variance = ask(X) if ask else (self._task_outputs(X), None)
        check_outputs(outputs, self._labelled_tasks(), type(self).__name__)
        return without_tokens(self.task_set_.tasks, outputs), variance

    def _squeezed(self, values: np.ndarray) -> np.ndarray:
        """Return values (n_samples, n_tasks, ...) without the tasks where y was 1-D."""
        return values[:, 0] if self.task_set_.is_1d else values


class IntervalsMixin(_CalibratedOutputs):
    """Adds intervals and quantiles of the regressions."""

    def predict_interval(
        self, X: FeaturesLike, coverage: float = 0.9, *, joint: bool = False
    ) -> np.ndarray:
        """Predict an interval for each numeric label.

        The prediction plus and minus a multiple of the expected error at the sample,
        which is learned from the errors of held-out predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        coverage : float, default=0.9
            The probability that the interval contains the label of a new sample,
            between 0 and 1, for each task alone.
        joint : bool, default=False
            Whether `coverage` is the probability that all tasks of a sample are in
            their intervals, and in their sets if some have classes.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, n_tasks, 2)
            Lower and upper ends; (n_samples, 2) if y was 1-D. NaN where a task has
            classes. Infinite if a task has too few held-out labels: fewer than coverage
            / (1 - coverage), which is 9 for 0.9 and 19 for 0.95. Where values repeat,
            the interval runs upwards from the lower end, and the ends may lie outside
            of the period.

        Raises
        ------
        ValueError
            If coverage is not between 0 and 1, if fit held nothing out, or if a
            prediction is not finite.

        Warns
        -----
        MissingLabelWarning
            If `joint` is True and no sample has labels of both of two tasks.
        """
        calibration = self._calibrated()
        coverage = check_coverage(coverage, type(self).__name__)
        if joint:
            warn_of_unpaired(calibration, self.task_set_, type(self).__name__)
        outputs, variance = self._finite_with_variance(X)
        return self._squeezed(
            calibration.intervals(outputs, variance, coverage, is_joint=joint)
        )

    def predict_quantiles(self, X: FeaturesLike, q: ArrayLike) -> np.ndarray:
        """Predict quantiles of each numeric label.

        From the errors of held-out predictions with their sign, so that the interval
        between two quantiles need not be symmetric. Quantiles never cross.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        q : float or array-like of shape (n_q,)
            Probabilities between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, n_q) or (n_samples, n_tasks, n_q)
            The quantiles; (n_samples, n_q) if y was 1-D. NaN where a task has classes.
            Infinite if a task has fewer than (1 - p) / p held-out labels, where p is
            the smaller one of q and 1 - q; the median of a task without any is the
            prediction.

        Raises
        ------
        ValueError
            If q is not between 0 and 1, if fit held nothing out, or if a prediction is
            not finite.
        """
        calibration = self._calibrated()
        levels = check_probabilities(q, "q", type(self).__name__)
        outputs, variance = self._finite_with_variance(X)
        return self._squeezed(calibration.quantiles(outputs, variance, levels))

    def _outputs_and_deviations(
        self, X: FeaturesLike
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """Return outputs and root mean squared errors (n_samples, n_tasks)."""
        calibration = self._calibrated()
        outputs, variance = self._finite_with_variance(X)
        return outputs, calibration.deviations(outputs, variance)


class StandardDeviationMixin(IntervalsMixin):
    """Adds standard deviations to the predictions of a regressor."""

    def predict(self, X: FeaturesLike, return_std: bool = False) -> Any:
        """Predict the values of all tasks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        return_std : bool, default=False
            Whether to return the root mean squared errors that are expected, which are
            learned from the errors of held-out predictions.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Values; 1-D if y was.
        y_std : ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Only if `return_std` is True. NaN where a task has no held-out label.

        Raises
        ------
        ValueError
            If a prediction is not finite, because X holds values that are too large; or
            if `return_std` is True and fit held nothing out or a task has classes.
        """
        if not return_std:
            return super().predict(X)  # type: ignore[misc]
        check_is_fitted(self)
        for task in self.task_set_.tasks:
            if task.classes is not None:
                raise ValueError(
                    f"{type(self).__name__}: return_std=True needs numeric tasks, but "
                    f"{task.name!r} has classes. Use predict_set and predict_interval, "
                    "or task(name).predict(X, return_std=True) for a numeric task."
                )
        outputs, std = self._outputs_and_deviations(X)
        predicted = self.task_set_.decode(np.stack(outputs, axis=1))
        return predicted, self._squeezed(std)


class SetsMixin(_CalibratedOutputs):
    """Adds sets of classes."""

    def predict_set(
        self, X: FeaturesLike, coverage: float = 0.9, *, joint: bool = False
    ) -> Any:
        """Predict a set of classes for each classification.

        The likeliest classes, up to a total probability that is learned from held-out
        predictions (adaptive prediction sets [1]_). The sets are not randomised: the
        likeliest class is always among them, so that they cover more often than asked
        where the model is more often right than that.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        coverage : float, default=0.9
            The least probability that the set contains the class of a new sample,
            between 0 and 1, for each task alone.
        joint : bool, default=False
            Whether `coverage` is the probability that all tasks of a sample are in
            their sets, and in their intervals if some are numeric.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), bool, or list of them
            Whether a class is in the set, in the order of `classes_`. A list with one
            array per task where y was 2-D; None for a regression. All classes if a task
            has too few held-out labels: fewer than coverage / (1 - coverage).

        Raises
        ------
        ValueError
            If coverage is not between 0 and 1, if fit held nothing out, or if a
            prediction is not finite.

        Warns
        -----
        MissingLabelWarning
            If `joint` is True and no sample has labels of both of two tasks.

        References
        ----------
        .. [1] Y. Romano, M. Sesia and E. Candes, "Classification with valid and
           adaptive coverage", NeurIPS 2020.
        """
        calibration = self._calibrated()
        coverage = check_coverage(coverage, type(self).__name__)
        if joint:
            warn_of_unpaired(calibration, self.task_set_, type(self).__name__)
        outputs, _ = self._finite_with_variance(X)
        sets = calibration.sets(outputs, coverage, is_joint=joint)
        return sets[0] if self.task_set_.is_1d else sets


def check_coverage(coverage: float, who: str) -> float:
    """Return one number between 0 and 1 as a float."""
    levels = check_probabilities(coverage, "coverage", who)
    if np.ndim(coverage) > 0:
        raise ValueError(
            f"{who}: coverage must be one number between 0 and 1, found {coverage!r}. "
            "Call once for each coverage, or use predict_quantiles."
        )
    return float(levels[0])


def check_probabilities(values: ArrayLike, name: str, who: str) -> np.ndarray:
    """Return numbers between 0 and 1 as an array (n_values,)."""
    try:
        levels = np.atleast_1d(np.asarray(values))
        # numpy would take the text "0.9" and True for numbers
        is_list = levels.ndim == 1 and levels.dtype.kind in "iuf"
    except ValueError:  # lists of several lengths
        is_list = False
    if not is_list:
        raise ValueError(
            f"{who}: {name} must be a number between 0 and 1, found {values!r}."
        )
    if not ((levels > 0) & (levels < 1)).all():
        raise ValueError(
            f"{who}: {name} must lie between 0 and 1 (both excluded), found {values!r}."
        )
    return levels.astype(np.float64)


def warn_of_unpaired(calibration: Calibration, task_set: TaskSet, who: str) -> None:
    """Say which tasks have no sample in common, and count as independent."""
    pairs = calibration.joint.unpaired
    if not pairs:
        return
    warnings.warn(
        f"{who}: {len(pairs)} pairs of tasks have no held-out sample with labels of "
        f"both, such as {_named(pairs[0], task_set)}. joint=True takes them for "
        "independent.",
        MissingLabelWarning,
        stacklevel=3,
    )


def _named(pair: Sequence[int], task_set: TaskSet) -> str:
    return " and ".join(repr(task_set.names[t]) for t in pair)
