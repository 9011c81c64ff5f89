"""Logistic and multinomial regression for several targets."""

from __future__ import annotations

from numbers import Real
from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin

from sklearn_mtl.linear_model._outputs import LinearClassifierBase
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._private import Interval
from sklearn_mtl.utils._typing import ClassWeight, FeaturesLike, TargetsLike

__all__ = ["MultiTaskLinearClassifier"]


class MultiTaskLinearClassifier(
    ClassOutputsMixin, ClassifierMixin, LinearClassifierBase
):
    """Logistic regression for several targets, coupled by a penalty.

    Minimises sum over observed labels of w log-loss(y, x W_t + b_t) / n + alpha R(W),
    where n is the mean sum of weights of a task. A task with two classes has one vector
    of coefficients, a task with K > 2 classes has K (softmax). Both kinds of tasks can
    be fitted together. Missing labels (NaN) are left out of the sum.

    By default there is no hyperparameter to tune. The coefficients of a task are a
    shared vector plus a deviation, and the alphas of both parts are estimated from the
    data (empirical Bayes with Laplace's approximation). Use "l21" if only a few
    features are relevant, and "trace" if the tasks are combinations of a few
    directions.

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
    fit_intercept : bool, default=True
        Whether to fit an intercept for each task. Intercepts are not penalised.
    tol : float, default=1e-6
        Duality gap at which the solver stops, relative to the loss at zero
        coefficients.
    max_iter : int, default=10000
        Maximum number of iterations.
    class_weight : None, "balanced", dict or list, default=None
        Weights of classes, for all tasks or per task.
    on_empty_task : {"raise", "warn"}, default="raise"
        What to do with a task that has no label; "warn" predicts NaN for it.

    Attributes
    ----------
    coef_ : ndarray of shape (1 or n_classes, n_features), or list of them
        Coefficients. If y is 2-D, a list with one array per task.
    intercept_ : ndarray of shape (1 or n_classes,), or list of them
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
    parts_ : dict of str to ndarray of shape (n_columns, n_features)
        Parts of the coefficients, if the penalty is a `Decomposition`.
    task_covariance_ : ndarray of shape (n_columns, n_columns)
        Learned covariance of the coefficient vectors of all tasks, if the penalty is a
        `TaskCovariance`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has feature names that are all strings.

    Notes
    -----
    With "empirical_bayes" features are scaled to unit variance internally. The alphas
    refer to the scaled features; `coef_` and `parts_` are in the units of X.

    The Laplace approximation uses one mean curvature per coefficient vector.

    References
    ----------
    .. [1] T. Evgeniou, M. Pontil, "Regularized multi-task learning", KDD 2004.
    .. [2] D. J. C. MacKay, "The evidence framework applied to classification networks",
       Neural Computation 4, 1992.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.linear_model import MultiTaskLinearClassifier
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> y = np.array([["a", "u"], ["a", "v"], ["b", "u"], ["b", "v"]])
    >>> model = MultiTaskLinearClassifier(penalty="ridge", alpha=0.1).fit(X, y)
    >>> model.predict(X)[:, 0].tolist()
    ['a', 'a', 'b', 'b']
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **LinearClassifierBase._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="left"), None],
        "class_weight": CLASS_WEIGHT,
    }

    def __init__(
        self,
        *,
        penalty: Any = "empirical_bayes",
        alpha: float | None = None,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10000,
        class_weight: ClassWeight | None = None,
        on_empty_task: str = "raise",
    ) -> None:
        self.penalty = penalty
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.on_empty_task = on_empty_task

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> MultiTaskLinearClassifier:
        """Fit all tasks together.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs. A sparse X stays sparse.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Labels; NaN or None where missing.
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
            If a task has no label, or labels that are not classes.
        ValueError
            If X contains NaN, weights are negative, the penalty does not fit the tasks,
            or alpha is a number and the penalty is "empirical_bayes" or None.
        """
        self._solve(self._read(X, y, sample_weight), self.alpha)
        return self
