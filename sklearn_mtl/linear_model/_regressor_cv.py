"""Linear regression for several targets with cross-validated alpha."""

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
    """Linear regression for several targets with cross-validated alpha.

    Minimises sum over observed labels of w (y - x w_t - b_t)^2 / (2 n) + alpha R(W),
    where n is the mean sum of weights of a task. Missing labels (NaN) are left out of
    the sum.

    The chosen alpha has the smallest mean squared error over the observed labels of the
    test folds. The solutions along a path are warm-started from larger to smaller
    alphas. With more samples than features, the moments of a training fold are those of
    all samples minus those of the test fold. By default the coefficients of a task are
    a shared vector plus a deviation.

    Parameters
    ----------
    penalty : str or Penalty, default="partial_pooling"
        A name ("partial_pooling", "shared", "l21", "trace", "mean", "chain", "ridge",
        "l1", "task_l21", "task_covariance"), a penalty of `sklearn_mtl.penalties`, or a
        user-defined `Penalty`.
    alphas : int or array-like of shape (n_alphas,), default=50
        Constants that multiply the penalty. An int is the number of alphas on a
        logarithmic grid.
    eps : float, default=1e-3
        Ratio of the smallest to the largest alpha of the grid. The largest one is the
        smallest alpha for which all coefficients are zero.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Cross-validation. An int is the number of folds; None means 5. Both use
        MultiTaskKFold, shuffled if labels are missing, or MultiTaskStratifiedGroupKFold
        if `groups` are passed to `fit`.
    selection : {"min", "one_standard_error"}, default="min"
        "min" selects the alpha with the smallest mean loss, "one_standard_error" the
        largest alpha with a mean loss within one standard error of it.
    fit_intercept : bool or "partial_pooling", default=True
        Whether to fit an intercept for each task. If True, intercepts are not
        penalised. "partial_pooling" shrinks them towards a common one by an amount
        estimated from all samples. Use it if the tasks are the same measurement in
        different groups.
    scale_targets : bool or "auto", default="auto"
        Whether to scale the targets to unit variance internally, which makes the fit
        independent of their units. Alphas and losses then refer to the scaled targets;
        coefficients and predictions are in the units of y. "auto" scales the targets
        if there are several, with two exceptions: if the intercepts are pooled, or if
        `alphas` is an array and the penalty compares tasks. Use False for targets in
        the same unit if some have few labels.
    tol : float, default=1e-6
        Duality gap at which the solver stops, relative to the loss at zero
        coefficients. During the search the tolerance is min(200 * tol, 2e-4), but at
        least tol.
    max_iter : int, default=10000
        Maximum number of iterations.
    on_empty_task : {"raise", "warn"}, default="raise"
        What to do with a task that has no label; "warn" predicts NaN for it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_tasks, n_features)
        Coefficients; 1-D if y is 1-D.
    intercept_ : float or ndarray of shape (n_tasks,)
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
    intercept_alpha_ : float
        Alpha of the ridge on the intercepts, if they are pooled.
    parts_ : dict of str to ndarray of shape (n_tasks, n_features)
        Parts of the coefficients, if the penalty is a `Decomposition`.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        Learned task covariance, if the penalty is a `TaskCovariance`. If the targets
        are scaled, it refers to the scaled targets.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has feature names that are all strings.

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
            If a task has no label.
        ValueError
            If X contains NaN, weights are negative, the penalty does not fit the tasks,
            or `scale_targets=True` is combined with pooled intercepts.

        Warns
        -----
        DifferentUnitsWarning
            If unscaled targets have standard deviations that differ by a factor above
            1000, and the penalty compares their coefficients.
        """
        warn_of_index_order(type(self).__name__, X=X, groups=groups)
        data = self._read(X, y, sample_weight)
        self._search(data, data.X, y, groups, sample_weight)
        return self

    def _default_splitter(self, n_splits: int) -> Any:
        # If tasks have separate samples, these are often sorted by task. Without
        # shuffling, a test fold would then contain whole tasks.
        if self._has_missing:
            return MultiTaskKFold(n_splits, shuffle=True, random_state=0)
        return MultiTaskKFold(n_splits)
