"""Logistic regression of several targets, the strength by cross-validation."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin

from sklearn_mtl.linear_model._cv import LinearSearchMixin
from sklearn_mtl.linear_model._outputs import LinearClassifierBase
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import (
    ClassWeight,
    CrossValidator,
    FeaturesLike,
    TargetsLike,
)

__all__ = ["MultiTaskLinearClassifierCV"]


class MultiTaskLinearClassifierCV(
    ClassOutputsMixin, ClassifierMixin, LinearSearchMixin, LinearClassifierBase
):
    """Logistic regression of several targets, its penalty cross-validated.

    Minimises sum over observed cells of w log-loss(y, x W_t + b_t) / n + alpha R(W), n
    the mean weight of a task. A task with two classes has one row of coefficients, one
    with K > 2 has K (softmax); both kinds go together. Missing labels (NaN) are simply
    not in the sum.

    alpha is the one of a path with the smallest mean log-loss over the cells of the
    test folds. Paths are started where the stronger penalty ended.
    By default each task's coefficients are a shared vector plus its own deviation.

    Parameters
    ----------
    penalty : str or Penalty, default="partial_pooling"
        A name ("partial_pooling", "shared", "l21", "trace", "mean", "chain", "ridge",
        "l1", "task_l21", "task_covariance"), an object of `sklearn_mtl.penalties` or a
        `Penalty` of your own.
    alphas : int or array-like of shape (n_alphas,), default=20
        What the penalty is multiplied by: a number of strengths, spaced on a
        logarithmic scale, or the strengths.
    eps : float, default=1e-3
        The smallest strength over the one that sets all coefficients to zero.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Folds; a number, or None for 5, stands for MultiTaskStratifiedKFold, or,
        if fit gets groups, for MultiTaskStratifiedGroupKFold.
    selection : {"min", "one_standard_error"}, default="min"
        The alpha with the smallest mean loss, or the largest one within a standard
        error of it.
    fit_intercept : bool, default=True
        Whether each task has an intercept, which is never penalised.
    tol : float, default=1e-6
        Duality gap to reach, relative to the loss at zero coefficients. Fits on the
        training parts of folds reach 200 times that, or 2e-4 if that is less.
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
        The strength chosen.
    alphas_ : ndarray of shape (n_alphas,)
        The strengths tried, decreasing.
    cv_results_ : dict of str to ndarray of shape (n_alphas,)
        "alpha", "mean_test_loss", "std_test_loss", and one "splitK_test_loss" a fold.
    path_ : dict of str to ndarray
        "alpha", "dual_gap", "optimality" and "n_features_used" along the path of all
        rows, down to the strength chosen; those before it have a gap as in the search.
    n_splits_ : int
        Number of folds.
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

    References
    ----------
    .. [1] T. Evgeniou, M. Pontil, "Regularized multi-task learning", KDD 2004.
    .. [2] D. J. C. MacKay, "The evidence framework applied to classification networks",
       Neural Computation 4, 1992.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.linear_model import MultiTaskLinearClassifierCV
    >>> X = np.random.default_rng(0).normal(size=(60, 5))
    >>> y = np.column_stack([X[:, 0] > 0, X[:, 0] + X[:, 1] > 0])
    >>> model = MultiTaskLinearClassifierCV(alphas=5, cv=3).fit(X, y)
    >>> model.score(X, y) > 0.9
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **LinearSearchMixin._parameter_constraints,
        "class_weight": CLASS_WEIGHT,
    }

    def __init__(
        self,
        *,
        penalty: Any = "partial_pooling",
        alphas: Any = 20,
        eps: float = 1e-3,
        cv: CrossValidator | None = None,
        selection: str = "min",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10000,
        class_weight: ClassWeight | None = None,
        on_empty_task: str = "raise",
    ) -> None:
        self.penalty = penalty
        self.alphas = alphas
        self.eps = eps
        self.cv = cv
        self.selection = selection
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.on_empty_task = on_empty_task

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> MultiTaskLinearClassifierCV:
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
        groups : array-like of shape (n_samples,), default=None
            The group of each sample. A splitter gets them; folds of a number do not
            divide them.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        TaskError
            If a task has no label, or labels that are not classes.
        ValueError
            If X has NaN, weights are negative, or the penalty does not fit the tasks.
        """
        warn_of_index_order(type(self).__name__, X=X, groups=groups)
        data = self._read(X, y, sample_weight)
        self._search(data, data.X, y, groups, sample_weight)
        return self

    def _default_splitter(self, n_splits: int) -> Any:
        return MultiTaskStratifiedKFold(n_splits)
