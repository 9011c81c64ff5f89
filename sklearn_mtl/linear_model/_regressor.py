"""Linear regression of several targets together."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from sklearn_mtl.linear_model._names import PARTIAL_POOLING
from sklearn_mtl.linear_model._outputs import LinearRegressorBase
from sklearn_mtl.tasks import MultiTaskOutputsMixin
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._private import Interval, StrOptions
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["MultiTaskLinearRegressor"]


class MultiTaskLinearRegressor(
    MultiTaskOutputsMixin, RegressorMixin, LinearRegressorBase
):
    """Linear regression of several targets, coupled by a penalty.

    Minimises sum over observed cells of w (y - x w_t - b_t)^2 / (2 n) + alpha R(W), n
    the mean weight of a task. Missing labels (NaN) are simply not in the sum.

    The default has nothing to tune: each task's coefficients are a shared vector plus
    its own deviation, and the strengths of both come from the data (empirical Bayes).
    Choose "l21" where few features matter, "trace" where few directions do.

    Parameters
    ----------
    penalty : str, Penalty or None, default="empirical_bayes"
        "empirical_bayes", a name ("partial_pooling", "shared", "l21", "trace", "mean",
        "chain", "ridge", "l1", "task_l21", "task_covariance"), an object of
        `sklearn_mtl.penalties`, a `Penalty` of your own, or None for no penalty.
    alpha : float, default=None
        What the penalty is multiplied by, 1.0 if None. "empirical_bayes" finds its
        strengths in the data and takes no number; without a penalty only 0 is
        allowed.
    fit_intercept : bool or "partial_pooling", default=True
        Whether each task has an intercept. True leaves it free; "partial_pooling"
        shrinks the tasks' levels towards a common one, as strongly as the data suggest:
        for tasks that measure the same thing in different groups.
    scale_targets : bool or "auto", default="auto"
        Whether the problem is solved for targets of unit variance, so that the unit of
        a target does not matter. Alpha then belongs to the scaled targets; coefficients
        and predictions are in the units of y. "auto" scales several targets with
        "empirical_bayes" and free intercepts, and leaves them as they are where you
        give the alpha of a penalty that compares tasks. Use False for targets in one
        unit of which some have few labels.
    tol : float, default=1e-6
        Duality gap to reach, relative to the loss at zero coefficients.
    max_iter : int, default=10000
        Most iterations.
    on_empty_task : {"raise", "warn"}, default="raise"
        What to do with a task that has no label; "warn" predicts NaN for it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_tasks, n_features)
        Coefficients; 1-D if y was.
    intercept_ : float or ndarray of shape (n_tasks,)
        Intercepts.
    n_iter_ : int
        Iterations taken.
    dual_gap_ : float
        Relative duality gap; NaN where there is no certificate.
    optimality_ : float
        Distance of -gradient to the subdifferential, over the gradient at zero.
    alpha_ : float
        The multiplier; with "empirical_bayes" the strength of the own part.
    penalty_ : Penalty
        The penalty that was minimised, with its strengths.
    intercept_alpha_ : float
        Strength of the ridge on levels, where the intercepts are pooled.
    parts_ : dict of str to ndarray of shape (n_tasks, n_features)
        Parts of the coefficients, where the penalty is a `Decomposition`.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        Learned relation of tasks, where the penalty is a `TaskCovariance`; of the
        scaled targets where they were scaled.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X had names.

    Notes
    -----
    With "empirical_bayes" features are scaled to unit variance inside, too. Strengths
    belong to the scaled problem; `coef_` and `parts_` are for X and y as they came.

    References
    ----------
    .. [1] T. Evgeniou, M. Pontil, "Regularized multi-task learning", KDD 2004.
    .. [2] G. Obozinski, B. Taskar, M. I. Jordan, "Joint covariate selection and joint
       subspace selection for multiple classification problems", Statistics and
       Computing 20, 2010.

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
    }

    # scikit-learn's checks set alpha to 0.01 for any regressor without `alphas`, and
    # the default penalty takes no number
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
    ) -> None:
        self.penalty = penalty
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.scale_targets = scale_targets
        self.tol = tol
        self.max_iter = max_iter
        self.on_empty_task = on_empty_task

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
            Weights of rows or cells.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        TaskError
            If a task has no label.
        ValueError
            If X has NaN, weights are negative, the penalty does not fit the tasks,
            alpha is a number and the penalty "empirical_bayes" or None, or
            `scale_targets=True` meets pooled intercepts.

        Warns
        -----
        DifferentUnitsWarning
            If targets that are not scaled have standard deviations that differ by a
            factor above 1000, and the penalty compares their coefficients.
        """
        self._solve(self._read(X, y, sample_weight), self.alpha)
        return self
