"""Mixins for prediction intervals, quantiles and sets from held-out predictions."""

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
    """Base class of the mixins, with outputs of new samples and the calibration.

    An estimator implements `_calibration_data`, which raises if no samples were held
    out. If the held-out errors are those of the members of an ensemble, it may
    implement `_outputs_and_variance`, which returns the outputs and the variance of the
    members around them.
    """

    task_set_: TaskSet

    if TYPE_CHECKING:  # no methods, because they would hide those of later base classes

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
            # no default method, because it would hide that of a later base class
            ask = getattr(self, "_outputs_and_variance", None)
            outputs, variance = ask(X) if ask else (self._task_outputs(X), None)
        check_outputs(outputs, self._labelled_tasks(), type(self).__name__)
        return without_tokens(self.task_set_.tasks, outputs), variance

    def _squeezed(self, values: np.ndarray) -> np.ndarray:
        """Return values (n_samples, n_tasks, ...); no task axis if y was 1-D."""
        return values[:, 0] if self.task_set_.is_1d else values


class IntervalsMixin(_CalibratedOutputs):
    """Mixin with intervals and quantiles of regression tasks."""

    def predict_interval(
        self, X: FeaturesLike, coverage: float = 0.9, *, joint: bool = False
    ) -> np.ndarray:
        """Predict an interval for each label of a regression task.

        The interval is the prediction plus and minus a multiple of the expected error
        of the sample, which is learned from the errors of held-out predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        coverage : float, default=0.9
            Probability that the interval contains the label of a new sample, between 0
            and 1, for each task separately.
        joint : bool, default=False
            If True, `coverage` is the probability that all labels of a sample are in
            their intervals, and in their sets for classification tasks.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, n_tasks, 2)
            Lower and upper ends; (n_samples, 2) if y was 1-D. They are NaN for
            classification tasks, and infinite for a task with fewer than coverage / (1
            - coverage) held-out labels, which is 9 for 0.9 and 19 for 0.95. For a
            circular task, the interval goes upwards from the lower end, and the ends
            may be outside of the period.

        Raises
        ------
        ValueError
            If coverage is not between 0 and 1, if no samples were held out in fit, or
            if a prediction is not finite.

        Warns
        -----
        MissingLabelWarning
            If `joint` is True and there are two tasks without common labelled samples.
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
        """Predict quantiles of each label of a regression task.

        They are computed from the signed errors of held-out predictions, so the
        interval between two quantiles may be asymmetric. Quantiles never cross.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        q : float or array-like of shape (n_q,)
            Probabilities between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, n_q) or (n_samples, n_tasks, n_q)
            Quantiles; (n_samples, n_q) if y was 1-D. They are NaN for classification
            tasks, and infinite for a task with fewer than (1 - p) / p held-out labels,
            where p is the minimum of q and 1 - q. The median of a task without held-out
            labels is the prediction.

        Raises
        ------
        ValueError
            If q is not between 0 and 1, if no samples were held out in fit, or if a
            prediction is not finite.
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
    """Mixin with standard deviations of the predictions of a regressor."""

    def predict(self, X: FeaturesLike, return_std: bool = False) -> Any:
        """Predict the values of all tasks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        return_std : bool, default=False
            Whether to also return the expected root mean squared errors, which are
            learned from the errors of held-out predictions.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Predicted values; 1-D if y was 1-D.
        y_std : ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Expected root mean squared errors, NaN for a task without held-out labels.
            Only returned if `return_std` is True.

        Raises
        ------
        ValueError
            If a prediction is not finite, because X contains values that are too large.
            If `return_std` is True and no samples were held out in fit, or a task has
            classes.
        """
        if not return_std:
            return super().predict(X)  # type: ignore[misc]
        check_is_fitted(self)
        for task in self.task_set_.tasks:
            if task.classes is not None:
                raise ValueError(
                    f"{type(self).__name__}: return_std=True requires regression "
                    f"tasks, but {task.name!r} has classes. Use predict_set and "
                    "predict_interval, or task(name).predict(X, return_std=True) for a "
                    "regression task."
                )
        outputs, std = self._outputs_and_deviations(X)
        predicted = self.task_set_.decode(np.stack(outputs, axis=1))
        return predicted, self._squeezed(std)


class SetsMixin(_CalibratedOutputs):
    """Mixin with sets of classes of classification tasks."""

    def predict_set(
        self, X: FeaturesLike, coverage: float = 0.9, *, joint: bool = False
    ) -> Any:
        """Predict a set of classes for each classification task.

        The set contains the most probable classes, up to a total probability that is
        learned from held-out predictions (adaptive prediction sets [1]_). The sets are
        not randomised and always contain the most probable class. Therefore their
        coverage is higher than requested if the accuracy of the model is higher.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        coverage : float, default=0.9
            Minimum probability that the set contains the class of a new sample, between
            0 and 1, for each task separately.
        joint : bool, default=False
            If True, `coverage` is the probability that all labels of a sample are in
            their sets, and in their intervals for regression tasks.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), bool, or list of them
            Whether each class is in the set, in the order of `classes_`. If y was 2-D,
            a list with one array per task, and None for a regression task. A set
            contains all classes for a task with fewer than coverage / (1 - coverage)
            held-out labels.

        Raises
        ------
        ValueError
            If coverage is not between 0 and 1, if no samples were held out in fit, or
            if a prediction is not finite.

        Warns
        -----
        MissingLabelWarning
            If `joint` is True and there are two tasks without common labelled samples.

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
            f"{who}: coverage must be a single number between 0 and 1; got "
            f"{coverage!r}. Call the method once for each coverage, or use "
            "predict_quantiles."
        )
    return float(levels[0])


def check_probabilities(values: ArrayLike, name: str, who: str) -> np.ndarray:
    """Return numbers between 0 and 1 as an array (n_values,)."""
    try:
        levels = np.atleast_1d(np.asarray(values))
        # NumPy would convert the string "0.9" and True to numbers
        is_list = levels.ndim == 1 and levels.dtype.kind in "iuf"
    except ValueError:  # lists of different lengths
        is_list = False
    if not is_list:
        raise ValueError(
            f"{who}: {name} must be a number between 0 and 1; got {values!r}."
        )
    if not ((levels > 0) & (levels < 1)).all():
        raise ValueError(
            f"{who}: {name} must be between 0 and 1 (both excluded); got {values!r}."
        )
    return levels.astype(np.float64)


def warn_of_unpaired(calibration: Calibration, task_set: TaskSet, who: str) -> None:
    """Warn about pairs of tasks without common samples, treated as independent."""
    pairs = calibration.joint.unpaired
    if not pairs:
        return
    warnings.warn(
        f"{who}: {len(pairs)} pairs of tasks have no held-out sample with labels of "
        f"both, such as {_named(pairs[0], task_set)}. joint=True assumes that they are "
        "independent.",
        MissingLabelWarning,
        stacklevel=3,
    )


def _named(pair: Sequence[int], task_set: TaskSet) -> str:
    return " and ".join(repr(task_set.names[t]) for t in pair)
