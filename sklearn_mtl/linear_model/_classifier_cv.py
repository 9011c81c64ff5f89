"""Logistic regression for several targets with cross-validated alpha."""

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
    """Logistic regression for several targets with cross-validated alpha.

    Minimises sum over observed labels of w log-loss(y, x W_t + b_t) / n + alpha R(W),
    where n is the mean sum of weights of a task. A task with two classes has one vector
    of coefficients, a task with K > 2 classes has K (softmax). Both kinds of tasks can
    be fitted together. Missing labels (NaN) are left out of the sum.

    The chosen alpha has the smallest mean log-loss over the observed labels of the test
    folds. The solutions along a path are warm-started from larger to smaller alphas. By
    default the coefficients of a task are a shared vector plus a deviation.

    Parameters
    ----------
    penalty : str or Penalty, default="partial_pooling"
        A name ("partial_pooling", "shared", "l21", "trace", "mean", "chain", "ridge",
        "l1", "task_l21", "task_covariance"), a penalty of `sklearn_mtl.penalties`, or a
        user-defined `Penalty`.
    alphas : int or array-like of shape (n_alphas,), default=20
        Constants that multiply the penalty. An int is the number of alphas on a
        logarithmic grid.
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of the grid. The largest one is the
        smallest alpha for which all coefficients are zero.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Cross-validation. An int is the number of folds; None means 5. Both use
        MultiTaskStratifiedKFold, or MultiTaskStratifiedGroupKFold if `groups` are
        passed to `fit`.
    selection : {"min", "one_standard_error"}, default="min"
        "min" selects the alpha with the smallest mean loss, "one_standard_error" the
        largest alpha with a mean loss within one standard error of it.
    fit_intercept : bool, default=True
        Whether to fit an intercept for each task. Intercepts are not penalised.
    tol : float, default=1e-6
        Duality gap at which the solver stops, relative to the loss at zero
        coefficients. During the search the tolerance is min(200 * tol, 2e-4), but at
        least tol.
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
        Number of iterations of the final fit.
    dual_gap_ : float
        Relative duality gap; NaN if no gap is known.
    optimality_ : float
        Distance of -gradient to the subdifferential, relative to the gradient at zero.
    alpha_ : float
        The selected alpha.
    alphas_ : ndarray of shape (n_alphas,)
        The alphas that were tried, in decreasing order.
    cv_results_ : dict of str to ndarray of shape (n_alphas,)
        "alpha", "mean_test_loss", "std_test_loss", and one "splitK_test_loss" per fold.
    path_ : dict of str to ndarray
        "alpha", "dual_gap", "optimality" and "n_features_used" along the path fitted to
        all samples, down to the selected alpha. All but the last solution have the
        tolerance of the search.
    n_splits_ : int
        Number of folds.
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
            Weights per sample or per label.
        groups : array-like of shape (n_samples,), default=None
            The group of each sample, passed to the splitter. If `cv` is None or an int,
            no group is split between training and test folds.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        TaskError
            If a task has no label, or labels that are not classes.
        ValueError
            If X contains NaN, weights are negative, or the penalty does not fit the
            tasks.
        """
        warn_of_index_order(type(self).__name__, X=X, groups=groups)
        data = self._read(X, y, sample_weight)
        self._search(data, data.X, y, groups, sample_weight)
        return self

    def _default_splitter(self, n_splits: int) -> Any:
        return MultiTaskStratifiedKFold(n_splits)
