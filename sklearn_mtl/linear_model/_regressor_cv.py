"""Linear regression of several targets with a strength found by cross-validation."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from sklearn_mtl.linear_model._cv import LinearSearchMixin
from sklearn_mtl.linear_model._names import PARTIAL_POOLING
from sklearn_mtl.linear_model._outputs import LinearRegressorBase
from sklearn_mtl.model_selection import MultiTaskKFold
from sklearn_mtl.tasks import MultiTaskOutputsMixin
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import StrOptions
from sklearn_mtl.utils._typing import CrossValidator, FeaturesLike, TargetsLike

__all__ = ["MultiTaskLinearRegressorCV"]


class MultiTaskLinearRegressorCV(
    MultiTaskOutputsMixin, RegressorMixin, LinearSearchMixin, LinearRegressorBase
):
    """Linear regression of several targets, its penalty cross-validated.

    Minimises sum over observed cells of w (y - x w_t - b_t)^2 / (2 n) + alpha R(W), n
    the mean weight of a task. Missing labels (NaN) are simply not in the sum.

    alpha is the one of a path with the smallest mean squared error over the cells of
    the test folds. Paths start where the stronger penalty ended. With more rows than
    features the training parts are the moments of all rows less those of the test part.
    By default each task's coefficients are a shared vector plus its own deviation.

    Parameters
    ----------
    penalty : str or Penalty, default="partial_pooling"
        A name ("partial_pooling", "shared", "l21", "trace", "mean", "chain", "ridge",
        "l1", "task_l21", "task_covariance"), an object of `sklearn_mtl.penalties` or a
        `Penalty` of your own.
    alphas : int or array-like of shape (n_alphas,), default=50
        What the penalty is multiplied by: a number of strengths, spaced on a
        logarithmic scale, or the strengths.
    eps : float, default=1e-3
        The smallest strength over the one that sets all coefficients to zero.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Folds; a number, or None for 5, stands for MultiTaskKFold, shuffled where labels
        are missing, or, if fit gets groups, for MultiTaskStratifiedGroupKFold.
    selection : {"min", "one_standard_error"}, default="min"
        The alpha with the smallest mean loss, or the largest one within a standard
        error of it.
    fit_intercept : bool or "partial_pooling", default=True
        Whether each task has an intercept. True leaves it free; "partial_pooling"
        shrinks the tasks' levels towards a common one, as strongly as all rows suggest:
        for tasks that measure the same thing in different groups.
    scale_targets : bool or "auto", default="auto"
        Whether the problem is solved for targets of unit variance, so that the unit of
        a target does not matter. Strengths and losses then belong to the scaled
        targets; coefficients and predictions are in the units of y. "auto" scales
        several targets with free intercepts where `alphas` is a number, and leaves them
        as they are where you give the strengths. Use False for targets in one unit of
        which some have few labels.
    tol : float, default=1e-6
        Duality gap to reach, relative to the loss at zero coefficients. Fits on the
        training parts of folds reach 200 times that, or 2e-4 if that is less.
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

    References
    ----------
    .. [1] T. Evgeniou, M. Pontil, "Regularized multi-task learning", KDD 2004.
    .. [2] G. Obozinski, B. Taskar, M. I. Jordan, "Joint covariate selection and joint
       subspace selection for multiple classification problems", Statistics and
       Computing 20, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.linear_model import MultiTaskLinearRegressorCV
    >>> X = np.random.default_rng(0).normal(size=(60, 5))
    >>> y = X[:, :2] @ np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> model = MultiTaskLinearRegressorCV(penalty="l21", alphas=20).fit(X, y)
    >>> model.path_["n_features_used"][[0, -1]]
    array([0, 2])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **LinearSearchMixin._parameter_constraints,
        "fit_intercept": ["boolean", StrOptions({PARTIAL_POOLING})],
        "scale_targets": ["boolean", StrOptions({"auto"})],
    }

    def __init__(
        self,
        *,
        penalty: Any = "partial_pooling",
        alphas: Any = 50,
        eps: float = 1e-3,
        cv: CrossValidator | None = None,
        selection: str = "min",
        fit_intercept: Any = True,
        scale_targets: Any = "auto",
        tol: float = 1e-6,
        max_iter: int = 10000,
        on_empty_task: str = "raise",
    ) -> None:
        self.penalty = penalty
        self.alphas = alphas
        self.eps = eps
        self.cv = cv
        self.selection = selection
        self.fit_intercept = fit_intercept
        self.scale_targets = scale_targets
        self.tol = tol
        self.max_iter = max_iter
        self.on_empty_task = on_empty_task

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> MultiTaskLinearRegressorCV:
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
            If a task has no label.
        ValueError
            If X has NaN, weights are negative, the penalty does not fit the tasks, or
            `scale_targets=True` meets pooled intercepts.

        Warns
        -----
        DifferentUnitsWarning
            If targets that are not scaled have standard deviations that differ by a
            factor above 1000, and the penalty compares their coefficients.
        """
        warn_of_index_order(type(self).__name__, X=X, groups=groups)
        data = self._read(X, y, sample_weight)
        self._search(data, data.X, y, groups, sample_weight)
        return self

    def _default_splitter(self, n_splits: int) -> Any:
        # Own-row data come sorted by task: unshuffled folds would take whole tasks.
        if self._has_missing:
            return MultiTaskKFold(n_splits, shuffle=True, random_state=0)
        return MultiTaskKFold(n_splits)
