"""Base class of the linear estimators."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.datafits import Pooling
from sklearn_mtl.linear_model._coef_table import check_confidence, make_coef_table
from sklearn_mtl.linear_model._constants import blank_constants
from sklearn_mtl.linear_model._data import Data, make_data, read_labels
from sklearn_mtl.linear_model._deviations import Deviations
from sklearn_mtl.linear_model._evidence import fit_empirical_bayes, pool
from sklearn_mtl.linear_model._names import (
    EMPIRICAL_BAYES,
    PARTIAL_POOLING,
    resolve_penalty,
)
from sklearn_mtl.linear_model._new_task import make_new_task
from sklearn_mtl.penalties import Penalty
from sklearn_mtl.solvers import Certificate, Problem, Solution, solve
from sklearn_mtl.tasks import TaskSet, read_columns, read_tasks, warn_of_small_weights
from sklearn_mtl.utils._features import read_features
from sklearn_mtl.utils._finite import check_sizes
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import Interval, StrOptions
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["LinearBase"]

#: Fitted attributes of some penalties only. They are removed before each fit.
OPTIONAL_ATTRIBUTES = (
    "parts_",
    "task_covariance_",
    "intercept_alpha_",
    "_standard_errors",
)


class LinearBase(BaseEstimator):
    """Steps of `fit` and fitted attributes of a linear multi-task model."""

    _parameter_constraints: dict[str, list[Any]] = {
        "penalty": [str, Penalty, None],
        "fit_intercept": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "on_empty_task": [StrOptions({"raise", "warn"})],
    }
    _kind: str
    _alpha_name = "alpha"

    penalty: Any
    fit_intercept: Any
    tol: float
    max_iter: int
    on_empty_task: str
    task_set_: TaskSet
    coef_: Any
    intercept_: Any
    parts_: dict[str, np.ndarray]
    n_features_in_: int

    def new_task(self) -> Any:
        """Return a model for a new task from the parameters that all tasks share.

        The new task (for example a school, a sensor or a customer without labels) is
        predicted from the shared part of the coefficients and the mean of the
        intercepts. This is the expected model of a new task, because the deviations of
        the tasks have mean zero.

        Returns
        -------
        LinearRegression or LogisticRegression
            A fitted scikit-learn estimator with these coefficients, in the units of X
            and y. If the targets were scaled separately, the mean unit is used.

        Raises
        ------
        ValueError
            If the penalty has no shared part, or if classification tasks have different
            classes or more than two.
        """
        check_is_fitted(self)
        return make_new_task(self)

    def coef_table(self, confidence: float = 0.95) -> DataFrame:
        """Return coefficients and intercepts with standard errors and intervals.

        This requires `penalty="empirical_bayes"`. Given the labels and the estimated
        variances, the coefficients have a normal posterior. `std_err` is its standard
        deviation; `low` and `high` are the ends of its central interval. The interval
        of a task uses the labels of all tasks. With few labels per task it is therefore
        much shorter than the interval of a separate model.

        Parameters
        ----------
        confidence : float, default=0.95
            Probability of the intervals, between 0 and 1.

        Returns
        -------
        DataFrame
            Columns "coef", "std_err", "low" and "high", in the units of X and y. There
            is one row per task and feature, and for classifiers one per task, class and
            feature. The intercept is the feature "(Intercept)". With two classes the
            rows are for the second class. With more classes, the coefficients are
            relative to their mean over the classes. "std_err", "low" and "high" are NaN
            for tasks that have no labels or are constant.

        Raises
        ------
        ValueError
            If confidence is not between 0 and 1, or the penalty has no posterior.

        Notes
        -----
        The intervals assume that the model is correct: a linear relation, one noise
        variance for all scaled targets, and coefficients that are normally distributed
        around common ones. The variances are treated as known, so the intervals are
        slightly too short if few tasks or labels determine them.

        The coverage is correct on average over the coefficients, but not for each of
        them. A coefficient that is far from those of the other tasks is covered less
        often [1]_.

        Classifiers use Laplace's approximation, with the curvature of the log-loss at
        the solution. If the Hessians of all tasks would need too much memory, they are
        approximated by multiples of a common matrix.

        References
        ----------
        .. [1] C. N. Morris, "Parametric empirical Bayes inference: theory and
           applications", JASA 78, 1983.
        """
        check_is_fitted(self)
        confidence = check_confidence(confidence, type(self).__name__)
        return make_coef_table(self, confidence)

    def _read(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None
    ) -> Data:
        """Validate X, y and weights, and set the attributes that describe the tasks."""
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        X = read_features(
            self,
            X,
            reset=True,
            accept_sparse="csr",
            dtype=np.float64,
            ensure_min_samples=2,
        )
        check_sizes(X, getattr(self, "feature_names_in_", None), who)
        columns = read_columns(y, who, sample_weight)
        tasks = read_tasks(columns, self._kind, who, on_empty_task=self.on_empty_task)
        self.task_set_ = TaskSet(tasks, columns.is_1d, columns.has_names)
        n_labels = len(columns.observed)
        if n_labels != X.shape[0]:
            raise ValueError(
                f"{who}: X has {X.shape[0]} samples and y has {n_labels}: "
                "inconsistent numbers of samples."
            )
        class_weight = getattr(self, "class_weight", None)
        self._has_missing = not columns.observed.all()
        labels = read_labels(self.task_set_, columns, class_weight, who)
        rows = np.flatnonzero(labels.row_weights())
        if self.fit_intercept and len(rows):
            X = blank_constants(X, rows)
        return make_data(X, self.task_set_, labels, bool(self.fit_intercept))

    def _solve(
        self, data: Data, alpha: float | None
    ) -> tuple[Data, Problem, Solution] | None:
        """Fit all data, set the fitted attributes and return the solved problem."""
        is_evidence = isinstance(self.penalty, str) and self.penalty == EMPIRICAL_BAYES
        if is_evidence and alpha is not None:
            raise ValueError(
                f"{type(self).__name__}: alpha={alpha!r} has no effect with "
                f"penalty={EMPIRICAL_BAYES!r}, which estimates alpha from the data. "
                "Leave alpha at None, or choose penalty='partial_pooling'."
            )
        if self.penalty is None and alpha:  # alpha=0 is allowed
            raise ValueError(
                f"{type(self).__name__}: alpha={alpha!r} has no effect with "
                "penalty=None. Leave alpha at None, or choose a penalty, such as "
                "penalty='ridge'."
            )
        alpha = 1.0 if alpha is None else alpha
        if not len(data.kept):
            self._keep_constants(data.X.shape[1], alpha)
            return None
        if is_evidence:
            total, n_labels = data.labels.totals().sum(), data.labels.count()
            warn_of_small_weights(total, n_labels, type(self).__name__)
            data = self._in_common_units(data).with_scaled_features()
            data, problem, solution, spreads = fit_empirical_bayes(
                data, self._pools(data), tol=self.tol, max_iter=self.max_iter
            )
            alpha = problem.penalty.get_params()["own__alpha"]
            self._keep(data, problem, solution, alpha)
            self._keep_errors(data, spreads)
        else:
            penalty = self._resolve(data).scaled(alpha)
            data = self._pooled(self._in_common_units(data, penalty))
            problem = Problem(data.datafit(), penalty, data.columns)
            solution = solve(problem, tol=self.tol, max_iter=self.max_iter)
            self._keep(data, problem, solution, alpha)
        return data, problem, solution

    def _in_common_units(self, data: Data, penalty: Penalty | None = None) -> Data:
        """Return the data in the units in which the problem is solved."""
        # `penalty` has the alpha that the user set; it is None if alpha is estimated.
        return data

    def _resolve(self, data: Data) -> Penalty:
        """Return the penalty for the tasks that are fitted."""
        who = type(self).__name__
        penalty = resolve_penalty(self.penalty, who).for_names(self.task_set_, who)
        if len(data.kept) < self.task_set_.n_tasks:
            penalty = penalty.for_tasks(data.kept, self.task_set_.n_tasks)
        penalty.check(data.columns, data.X.shape[1])
        return penalty

    def _pools(self, data: Data) -> bool:
        """Return whether empirical Bayes pools the intercepts."""
        return len(data.kept) > 1 and bool(self.fit_intercept == PARTIAL_POOLING)

    def _pooled(self, data: Data) -> Data:
        """Return the data, with pooled intercepts if `fit_intercept` asks for them."""
        return pool(data) if self.fit_intercept == PARTIAL_POOLING else data

    def _keep(
        self,
        data: Data,
        problem: Problem,
        solution: Solution,
        alpha: float,
    ) -> None:
        """Set the fitted attributes from a solution."""
        certificate = solution.certificate
        for name in OPTIONAL_ATTRIBUTES:
            self.__dict__.pop(name, None)
        self.penalty_: Penalty | None = problem.penalty
        self.alpha_ = alpha
        self.n_iter_ = solution.n_iter
        self.dual_gap_ = certificate.gap
        self.optimality_ = certificate.optimality
        W = problem.total(solution.point)
        intercept = np.zeros(W.shape[1])
        if self.fit_intercept:
            intercept = problem.datafit.intercept(W)
        if isinstance(data.fit_intercept, Pooling):
            n = float(data.labels.totals().mean())
            self.intercept_alpha_ = data.fit_intercept.strength / n
        units = data.units
        self._set_coefficients(data, units.coefficients(W), units.intercepts(intercept))
        if problem.penalty.has_parts:
            names = [name for name, _ in problem.penalty.penalties]
            pairs = zip(names, solution.point, strict=True)
            self.parts_ = {
                name: self._spread(data, units.coefficients(part).T)
                for name, part in pairs
            }
        relation = problem.penalty.covariance(solution.point)
        if relation is not None:
            self.task_covariance_ = self._spread(data, self._spread(data, relation).T)
        if not certificate.is_met(self.tol):
            self._warn_of_gap(certificate)

    def _keep_errors(self, data: Data, spreads: Deviations) -> None:
        """Store the standard errors in the units of X and y."""
        rows = data.units.coefficients(spreads.coefficients).T
        shifts = spreads.intercepts * data.units.scale
        self._standard_errors = (
            self._spread(data, rows, np.nan),
            self._spread(data, shifts[:, None], np.nan)[:, 0],
        )

    def _keep_constants(self, n_features: int, alpha: float) -> None:
        """Set the fitted attributes if all tasks are constant."""
        self.penalty_, self.alpha_ = None, alpha
        self.n_iter_, self.dual_gap_, self.optimality_ = 1, 0.0, 0.0
        n_tasks = self.task_set_.n_tasks
        zeros = np.zeros((1, n_features))
        self.__dict__.pop("_standard_errors", None)
        if self.penalty == EMPIRICAL_BAYES:
            blank = np.full((n_tasks, n_features + 1), np.nan)
            self._standard_errors = blank[:, :-1], blank[:, -1]
        self._set_shapes([zeros] * n_tasks, [np.zeros(1)] * n_tasks)

    def _warn_of_gap(self, certificate: Certificate) -> None:
        reached = f"a relative duality gap of {certificate.gap:.1e}"
        if np.isnan(certificate.gap):
            reached = f"a relative distance to optimality of {certificate.distance:.1e}"
        advice = ["standardise X", "accept a larger tol"]
        if self.penalty_ is not None and not self.penalty_.is_off:
            advice.insert(1, f"increase {self._alpha_name}")
        if self.n_iter_ >= self.max_iter:
            advice.insert(1, "increase max_iter")
        warnings.warn(
            f"{type(self).__name__}: stopped at {reached} after {self.n_iter_} "
            f"iterations (tol={self.tol:g}). Possible remedies: {', '.join(advice)}.",
            ConvergenceWarning,
            stacklevel=5,
        )

    def _set_coefficients(
        self, data: Data, W: np.ndarray, intercept: np.ndarray
    ) -> None:
        """Set `coef_` and `intercept_` from the columns of all tasks."""
        ends = np.cumsum(self._widths(data))[:-1]
        shifts = self._spread(data, intercept[:, None])[:, 0]
        self._set_shapes(
            np.split(self._spread(data, W.T), ends), np.split(shifts, ends)
        )

    def _widths(self, data: Data) -> np.ndarray:
        """Return the number of columns of each task, fitted or not."""
        widths = np.ones(self.task_set_.n_tasks, dtype=np.intp)
        widths[data.kept] = data.widths
        return widths

    def _spread(self, data: Data, rows: np.ndarray, blank: float = 0.0) -> np.ndarray:
        """Return rows for all tasks, with `blank` for those that were not fitted."""
        is_fitted = np.zeros(self.task_set_.n_tasks, dtype=bool)
        is_fitted[data.kept] = True
        if is_fitted.all():
            return rows
        places = np.repeat(is_fitted, self._widths(data))
        out = np.full((len(places), rows.shape[1]), blank)
        out[places] = rows
        return out

    @abstractmethod
    def _set_shapes(self, blocks: list[np.ndarray], shifts: list[np.ndarray]) -> None:
        """Set `coef_` and `intercept_` in the shapes of this kind of estimator."""

    def _decision(self, X: FeaturesLike) -> np.ndarray:
        """Return X coef + intercept for all columns of all tasks."""
        check_is_fitted(self)
        X = read_features(self, X, reset=False, accept_sparse="csr", dtype=np.float64)
        coef, intercept = self._stacked()
        scores: np.ndarray = X @ coef.T + intercept
        return scores

    @abstractmethod
    def _stacked(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all coefficients (n_columns, n_features) and intercepts."""

    def __sklearn_tags__(self) -> Tags:
        """Return the tags, with sparse X and several outputs allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        return tags
