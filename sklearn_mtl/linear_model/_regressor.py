"""Linear regression for several targets."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from sklearn_mtl.linear_model._held_out import HeldOutMixin
from sklearn_mtl.linear_model._names import PARTIAL_POOLING
from sklearn_mtl.linear_model._outputs import LinearRegressorBase
from sklearn_mtl.tasks import MultiTaskOutputsMixin
from sklearn_mtl.uncertainty import StandardDeviationMixin
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._private import Interval, StrOptions
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["MultiTaskLinearRegressor"]


class MultiTaskLinearRegressor(
    StandardDeviationMixin, MultiTaskOutputsMixin, RegressorMixin, HeldOutMixin
):
    """Linear regression for several targets, coupled by a penalty.

    Minimises sum over observed labels of w (y - x w_t - b_t)^2 / (2 n) + alpha R(W),
    where n is the mean sum of weights of a task. Missing labels (NaN) are left out of
    the sum.

    By default there is no hyperparameter to tune. The coefficients of a task are a
    shared vector plus a deviation, and the alphas of both parts are estimated from the
    data (empirical Bayes). Use "l21" if only a few features are relevant, and "trace"
    if the tasks are combinations of a few directions.

    Parameters
    ----------
    penalty : str, Penalty or None, default="empirical_bayes"
        "empirical_bayes", a name ("partial_pooling", "shared", "l21", "trace", "mean",
        "chain", "ridge", "l1", "task_l21", "task_covariance"), a penalty of
        `sklearn_mtl.penalties`, a user-defined `Penalty`, or None for no penalty.
    alpha : float, default=None
        Constant that multiplies the penalty; 1.0 if None. It must be None with
        "empirical_bayes", which estimates alpha from the data. Without a penalty only
        None and 0 are allowed.
    fit_intercept : bool or "partial_pooling", default=True
        Whether to fit an intercept for each task. If True, intercepts are not
        penalised. "partial_pooling" shrinks them towards a common one by an amount
        estimated from the data. Use it if the tasks are the same measurement in
        different groups.
    scale_targets : bool or "auto", default="auto"
        Whether to scale the targets to unit variance internally, which makes the fit
        independent of their units. Alpha then refers to the scaled targets;
        coefficients and predictions are in the units of y. "auto" scales the targets
        if there are several, with two exceptions: if the intercepts are pooled, or if
        `alpha` multiplies a penalty that compares tasks. Use False for targets in the
        same unit if some have few labels.
    tol : float, default=1e-6
        Duality gap at which the solver stops, relative to the loss at zero
        coefficients.
    max_iter : int, default=10000
        Maximum number of iterations.
    on_empty_task : {"raise", "warn"}, default="raise"
        What to do with a task that has no label; "warn" predicts NaN for it.
    store_oof : bool, default=False
        Whether to store the prediction of each training sample by the model without it.
        `predict_interval`, `predict_quantiles` and `predict(X, return_std=True)` need
        these predictions. They are computed in closed form, which exists for the
        quadratic penalties "empirical_bayes", "partial_pooling",
        "shared", "mean", "chain", "ridge" and None.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_tasks, n_features)
        Coefficients; 1-D if y is 1-D.
    intercept_ : float or ndarray of shape (n_tasks,)
        Intercepts.
    n_iter_ : int
        Number of iterations.
    dual_gap_ : float
        Relative duality gap; NaN if no gap is known.
    optimality_ : float
        Distance of -gradient to the subdifferential, relative to the gradient at zero.
    alpha_ : float
        Constant that multiplies the penalty; with "empirical_bayes" the estimated alpha
        of the task-specific part.
    penalty_ : Penalty
        The penalty that was minimised, with its alphas.
    intercept_alpha_ : float
        Alpha of the ridge on the intercepts, if they are pooled.
    parts_ : dict of str to ndarray of shape (n_tasks, n_features)
        Parts of the coefficients, if the penalty is a `Decomposition`.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        Learned task covariance, if the penalty is a `TaskCovariance`. If the targets
        are scaled, it refers to the scaled targets.
    oof_prediction_ : ndarray or list of ndarray
        With `store_oof=True`, the prediction of each training sample by the model
        without it: values (n_samples,), one array per task if y was 2-D.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has feature names that are all strings.

    Notes
    -----
    With "empirical_bayes" features are also scaled to unit variance internally. The
    alphas refer to the scaled data; `coef_` and `parts_` are in the units of X and y.

    With `store_oof=True` all labels of a sample are left out together, at the strengths
    and scales of all samples: the weight of the penalty against the sum of squares is
    n alpha, as in the fit, and not that of n - 1 samples. Pooled intercepts are drawn
    to the common mean of all samples. One product of a residual and
    a matrix of its leverages gives the residual of the other samples' model [3]_. Cost:
    of a fit to complete labels O(n_samples n_features (n_features + n_tasks)), with
    missing labels O(n_tasks n_features^2 (n_samples + n_features)) and more where many
    directions couple the tasks.

    References
    ----------
    .. [1] T. Evgeniou, M. Pontil, "Regularized multi-task learning", KDD 2004.
    .. [2] G. Obozinski, B. Taskar, M. I. Jordan, "Joint covariate selection and joint
       subspace selection for multiple classification problems", Statistics and
       Computing 20, 2010.
    .. [3] R. D. Cook, S. Weisberg, "Residuals and influence in regression", Chapman and
       Hall 1982.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.linear_model import MultiTaskLinearRegressor
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> y = np.array([[0.0, 1.0], [2.0, np.nan], [4.0, 5.0], [6.0, 7.0]])
    >>> model = MultiTaskLinearRegressor(penalty=None).fit(X, y)
    >>> model.coef_.round(6)
    array([[2.],
           [2.]])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **LinearRegressorBase._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="left"), None],
        "fit_intercept": ["boolean", StrOptions({PARTIAL_POOLING})],
        "scale_targets": ["boolean", StrOptions({"auto"})],
        "store_oof": ["boolean"],
    }

    # scikit-learn's checks set alpha to 0.01 for any regressor without `alphas`, but
    # the default penalty accepts no alpha.
    alphas: ClassVar[None] = None

    def __init__(
        self,
        *,
        penalty: Any = "empirical_bayes",
        alpha: float | None = None,
        fit_intercept: Any = True,
        scale_targets: Any = "auto",
        tol: float = 1e-6,
        max_iter: int = 10000,
        on_empty_task: str = "raise",
        store_oof: bool = False,
    ) -> None:
        self.penalty = penalty
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.scale_targets = scale_targets
        self.tol = tol
        self.max_iter = max_iter
        self.on_empty_task = on_empty_task
        self.store_oof = store_oof

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> MultiTaskLinearRegressor:
        """Fit all tasks together.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs. A sparse X stays sparse.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN where missing.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights per sample or per label.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        TaskError
            If a task has no label.
        ValueError
            If X contains NaN, weights are negative, the penalty does not fit the tasks,
            alpha is a number and the penalty is "empirical_bayes" or None, or
            `scale_targets=True` is combined with pooled intercepts; or if
            `store_oof=True` and the penalty is not quadratic.

        Warns
        -----
        DifferentUnitsWarning
            If unscaled targets have standard deviations that differ by a factor above
            1000, and the penalty compares their coefficients.
        """
        data = self._read(X, y, sample_weight)
        self._calibration = None
        if self.store_oof:
            self._check_closed(data)
        found = self._solve(data, self.alpha)
        if self.store_oof:
            self._hold_out(y, sample_weight, found)
        return self
