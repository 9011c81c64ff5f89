"""What a net says of the samples that it held out, and of its members."""

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
    """Adds out-of-fold predictions and those of the members."""

    task_set_: TaskSet
    n_threads: int | None
    _state: NetState

    if TYPE_CHECKING:

        def _read_fitted(self, X: FeaturesLike) -> Any: ...

    @property
    def oof_prediction_(self) -> Any:
        """Out-of-fold predictions of the training rows.

        Each row is predicted by the one member that held it out, which has not seen its
        label for its weights, edges, medians or scales. Probabilities (n_samples,
        n_classes) or values (n_samples,), in a list where y was 2-D; NaN where that
        member had no label of the task, as when all of them are in one of the `groups`.
        Where several members hold out folds; one member is a little less accurate than
        the mean of all, which predicts new rows.
        """
        check_is_fitted(self)
        outputs = self._state.held_out_outputs
        if outputs is None and self._state.is_for_predictions:
            raise AttributeError(
                f"{type(self).__name__}: the file that this net was loaded from has no "
                "oof_prediction_. Save it with training_state=True."
            )
        if outputs is None:
            raise AttributeError(
                f"{type(self).__name__}: there is no oof_prediction_, because not "
                "every sample was held out. It needs n_members > 1, more than one "
                "group, no X_val, and early_stopping=True (the default 'auto' holds "
                f"nothing out of up to {SMALL} samples)."
            )
        return outputs[0] if self.task_set_.is_1d else outputs

    def predict_members(self, X: FeaturesLike) -> Any:
        """Predict the values and probabilities of each member of the net.

        `predict` and `predict_proba` give their means.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, or list of ndarray
            Values (n_members, n_samples) or probabilities (n_members, n_samples,
            n_classes), in a list with one array per task where y was 2-D. NaN where a
            member had no label of the task. Of a task of tokens a list with, for each
            member, one array (n_tokens, n_tags) per sample.
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
        """Return outputs, and the variance of the members' values around them."""
        X = self._read_fitted(X)
        with usual_torch(self.n_threads):
            return self._state.outputs_and_variance(X)

    def _forget_calibration(self) -> None:
        self._state.calibration = None

    def _calibration_data(self) -> CalibrationData:
        data = self._state.calibration
        if data is None:
            raise ValueError(
                f"{type(self).__name__}: intervals and sets need predictions of "
                "held-out samples, and the last training held out none. Call fit with "
                "early_stopping=True (the default 'auto' holds nothing out of up to "
                f"{SMALL} samples), and with more than one group; or fit a "
                "ConformalPredictor with this net."
            )
        return data
