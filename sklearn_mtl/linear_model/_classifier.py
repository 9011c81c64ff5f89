"""Logistic and multinomial regression of several targets together."""

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
    """Logistic regression of several targets, coupled by a penalty.

    Minimises sum over observed cells of w log-loss(y, x W_t + b_t) / n + alpha R(W), n
    the mean weight of a task. A task with two classes has one row of coefficients, one
    with K > 2 has K (softmax); both kinds go together. Missing labels (NaN) are simply
    not in the sum.

    The default has nothing to tune: each task's coefficients are a shared vector plus
    its own deviation, and the strengths of both come from the data (empirical Bayes,
    by Laplace steps).
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
    fit_intercept : bool, default=True
        Whether each task has an intercept, which is never penalised.
    tol : float, default=1e-6
        Duality gap to reach, relative to the loss at zero coefficients.
    max_iter : int, default=10000
        Most iterations.
    class_weight : None, "balanced", dict or list, default=None
        Weights of classes: for all tasks, or by task.
    on_empty_task : {"raise", "warn"}, default="raise"
        What to do with a task that has no label; "warn" predicts NaN for it.

    Attributes
    ----------
    coef_ : ndarray of shape (1 or n_classes, n_features), or list of them
        Coefficients; a list with one array a task where y was 2-D.
    intercept_ : ndarray of shape (1 or n_classes,), or list of them
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
    parts_ : dict of str to ndarray of shape (n_columns, n_features)
        Parts of the coefficients, where the penalty is a `Decomposition`.
    task_covariance_ : ndarray of shape (n_columns, n_columns)
        Learned relation of the rows of all coefficients, where the penalty is a
        `TaskCovariance`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X had names.

    Notes
    -----
    With "empirical_bayes" features are scaled to unit variance inside. Strengths belong
    to the scaled problem; `coef_` and `parts_` are for X as it came.

    The Laplace steps take one mean curvature for each row of coefficients.

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
            Weights of rows or cells.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        TaskError
            If a task has no label, or labels that are not classes.
        ValueError
            If X has NaN, weights are negative, the penalty does not fit the tasks, or
            alpha is a number and the penalty "empirical_bayes" or None.
        """
        self._solve(self._read(X, y, sample_weight), self.alpha)
        return self
