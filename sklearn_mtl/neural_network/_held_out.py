"""Out-of-fold predictions of a net, and predictions of its members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.neural_network.training._plan import SMALL
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.neural_network.training._torch_state import usual_torch
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.uncertainty import CalibrationData
from sklearn_mtl.utils._typing import FeaturesLike

__all__ = ["HeldOutMixin"]


class HeldOutMixin:
    """Add out-of-fold predictions and predictions of the members."""

    task_set_: TaskSet
    n_threads: int | None
    _state: NetState

    if TYPE_CHECKING:

        def _read_fitted(self, X: FeaturesLike) -> Any: ...

    @property
    def oof_prediction_(self) -> Any:
        """Out-of-fold predictions of the training samples.

        Each sample is predicted by the one member that held it out. This member did not
        use the label of the sample for its weights, edges, medians or scales. The
        predictions are probabilities (n_samples, n_classes) or values (n_samples,), in
        a list with one array per task if y was 2-D. They are NaN if the member had no
        label of the task, for example because all labels are in one of the `groups`.

        Only available if each of several members held out a fold. A single member is
        slightly less accurate than the mean of all members, which predicts new samples.
        """
        check_is_fitted(self)
        outputs = self._state.held_out_outputs
        if outputs is None and self._state.is_for_predictions:
            raise AttributeError(
                f"{type(self).__name__}: the file that this net was loaded from does "
                "not contain oof_prediction_. Save it with training_state=True."
            )
        if outputs is None:
            raise AttributeError(
                f"{type(self).__name__}: oof_prediction_ is not available, because not "
                "every sample was held out. It requires n_members > 1, more than one "
                "group, no X_val, and early_stopping=True (the default 'auto' is "
                f"False for up to {SMALL} samples)."
            )
        return outputs[0] if self.task_set_.is_1d else outputs

    def predict_members(self, X: FeaturesLike) -> Any:
        """Predict the values and probabilities of each member of the net.

        `predict` and `predict_proba` return the means over members. If the values of a
        regression are clipped (`clip_predictions`), members and mean are each clipped.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Input data.

        Returns
        -------
        ndarray, or list of ndarray
            Values (n_members, n_samples) or probabilities (n_members, n_samples,
            n_classes), in a list with one array per task if y was 2-D. NaN if a member
            had no label of the task. For a token task, a list with one list per member,
            which contains one array (n_tokens, n_tags) per sample.
        """
        X = self._read_fitted(X)
        with usual_torch(self.n_threads):
            members = self._state.member_outputs(X)
        by_task = zip(self.task_set_.tasks, zip(*members, strict=True), strict=True)
        outputs = [
            list(found) if task.is_tokens else np.stack(found)
            for task, found in by_task
        ]
        return outputs[0] if self.task_set_.is_1d else outputs

    def _outputs_and_variance(
        self, X: FeaturesLike
    ) -> tuple[list[np.ndarray], np.ndarray | None]:
        """Return outputs and the variance of the members' values around them."""
        X = self._read_fitted(X)
        with usual_torch(self.n_threads):
            return self._state.outputs_and_variance(X)

    def _forget_calibration(self) -> None:
        self._state.calibration = None

    def _calibration_data(self) -> CalibrationData:
        data = self._state.calibration
        if data is None:
            raise ValueError(
                f"{type(self).__name__}: intervals and sets require predictions of "
                "held-out samples, but the last training held out none. Call fit with "
                "early_stopping=True (the default 'auto' is False for up to "
                f"{SMALL} samples) and with more than one group, or fit a "
                "ConformalPredictor with this net."
            )
        return data
