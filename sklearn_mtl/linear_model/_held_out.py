"""Leave-one-out predictions of a fitted linear regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.linear_model._leave_one_out import leave_one_out, why_not_closed
from sklearn_mtl.linear_model._names import EMPIRICAL_BAYES, shared_and_own
from sklearn_mtl.linear_model._outputs import LinearRegressorBase
from sklearn_mtl.solvers import Problem, Solution
from sklearn_mtl.tasks import check_sample_weight
from sklearn_mtl.uncertainty import CalibrationData
from sklearn_mtl.utils._typing import TargetsLike

__all__ = ["HeldOutMixin"]


class HeldOutMixin(LinearRegressorBase):
    """Adds leave-one-out predictions of the training samples, in closed form."""

    store_oof: bool
    _calibration: CalibrationData | None

    @property
    def oof_prediction_(self) -> Any:
        """Predictions of the training samples, each by the model without it.

        Values (n_samples,), one array per task if y was 2-D. A value is NaN if the
        other samples do not determine it. Available only with `store_oof=True`.
        """
        check_is_fitted(self)
        if self._calibration is None:
            raise AttributeError(
                f"{type(self).__name__}: oof_prediction_ is only available with "
                "store_oof=True."
            )
        outputs = self._calibration.outputs
        return outputs[0] if self.task_set_.is_1d else outputs

    def _calibration_data(self) -> CalibrationData:
        if self._calibration is None:
            who = type(self).__name__
            raise ValueError(
                f"{who}: intervals require predictions of held-out samples. If the "
                "penalty is quadratic, set store_oof=True before fit. Otherwise, fit a "
                f"ConformalPredictor with this {who}."
            )
        return self._calibration

    def _check_closed(self, data: Data) -> None:
        """Raise an error if leave-one-out predictions have no closed form."""
        if not len(data.kept):
            return
        is_evidence = isinstance(self.penalty, str) and self.penalty == EMPIRICAL_BAYES
        penalty = shared_and_own() if is_evidence else self._resolve(data)
        form = penalty.task_covariance_form(data.columns)
        reason = why_not_closed(form, data)
        if reason is not None:
            who = type(self).__name__
            raise ValueError(
                f"{who}: store_oof=True with penalty={self.penalty!r}: {reason}, so "
                "leave-one-out predictions would require a fit for each sample. Use "
                f"ConformalPredictor({who}(penalty=...)), which fits to folds."
            )

    def _hold_out(
        self,
        y: TargetsLike,
        sample_weight: ArrayLike | None,
        found: tuple[Data, Problem, Solution] | None,
    ) -> None:
        """Store the leave-one-out predictions."""
        who = type(self).__name__
        codes, given = self.task_set_.encode_weighted(y, sample_weight, who=who)
        weights = None
        if given is not None:
            weights = check_sample_weight(given, codes.shape, who)
        outputs = np.full(codes.shape, np.nan)
        if found is not None:
            data, problem, solution = found
            form, W = problem.task_form, problem.total(solution.point)
            assert form is not None  # checked before the fit
            predicted = np.asarray(data.X @ W)
            if self.fit_intercept:
                predicted = predicted + problem.datafit.intercept(W)
            outputs[:, data.kept] = data.units.values(
                leave_one_out(data, form, predicted)
            )
        self._calibration = CalibrationData.of_fit(
            self.task_set_.tasks, list(outputs.T.copy()), codes, weights
        )
