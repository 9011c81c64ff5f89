"""Search for alpha, shared by the cross-validated estimators."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.linear_model._base import LinearBase
from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.linear_model._names import EMPIRICAL_BAYES
from sklearn_mtl.linear_model._search import search
from sklearn_mtl.model_selection import split_weighted, stratified_folds
from sklearn_mtl.penalties import Penalty
from sklearn_mtl.solvers import Problem, alpha_grid, solve_path
from sklearn_mtl.utils._private import HasMethods, Interval, StrOptions, num_samples
from sklearn_mtl.utils._typing import CrossValidator, FeaturesLike, Matrix, TargetsLike

__all__ = ["LinearSearchMixin"]

Fold = tuple[np.ndarray, np.ndarray]

#: Largest relative duality gap of the fits on training folds. It corresponds to
#: scikit-learn's default of 1e-4, which is relative to ||y||^2 (twice the loss at
#: zero).
SEARCH_TOLERANCE = 2e-4
#: Ratio of this gap to `tol`. A smaller `tol` therefore makes the search more precise.
SEARCH_RATIO = 200.0


class LinearSearchMixin(LinearBase):
    """Select alpha by cross-validation, then fit all samples along the path to it."""

    _parameter_constraints: dict[str, list[Any]] = {
        **LinearBase._parameter_constraints,
        "penalty": [str, Penalty],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "eps": [Interval(Real, 0, 1, closed="neither")],
        "cv": ["cv_object", HasMethods("split")],
        "selection": [StrOptions({"min", "one_standard_error"})],
    }

    # Groups are requested by default, as in scikit-learn's group splitters.
    __metadata_request__fit = {"groups": True}

    _alpha_name = "alphas"
    alphas: Any
    eps: float
    cv: CrossValidator | None
    selection: str

    def _search(
        self,
        data: Data,
        X: Matrix,
        y: TargetsLike,
        groups: ArrayLike | None,
        sample_weight: ArrayLike | None,
    ) -> None:
        """Run the search and set the fitted attributes."""
        if not len(data.kept):
            self._keep_constants(data.X.shape[1], np.nan)
            return
        who = type(self).__name__
        if isinstance(self.penalty, str) and self.penalty == EMPIRICAL_BAYES:
            raise ValueError(
                f"{who}: penalty='empirical_bayes' has no alpha to search for. "
                f"Use {who.removesuffix('CV')}."
            )
        penalty = self._resolve(data)
        is_given = None if isinstance(self.alphas, Integral) else penalty
        data = self._pooled(self._in_common_units(data, is_given))
        problem = Problem(data.datafit(), penalty, data.columns)
        alphas = self._alphas(problem)
        folds = self._folds(X, y, groups, sample_weight)
        options = {"tol": self.tol, "max_iter": self.max_iter}
        # The losses of test folds need no more than scikit-learn's default precision.
        coarse = {**options, "tol": self._search_tolerance()}
        found = search(data, penalty, alphas, folds, **coarse)
        best = found.best(self.selection)
        self.alphas_, self.cv_results_ = alphas, found.table()
        self.n_splits_ = len(folds)
        self._follow(data, problem, alphas[: best + 1], options)

    def _search_tolerance(self) -> float:
        """Return the duality gap of fits that are not kept."""
        return float(max(self.tol, min(SEARCH_RATIO * self.tol, SEARCH_TOLERANCE)))

    def _alphas(self, problem: Problem) -> np.ndarray:
        """Return the alphas in decreasing order."""
        if isinstance(self.alphas, Integral):
            return alpha_grid(problem, int(self.alphas), self.eps)
        try:
            # Decreasing, because a solution is a warm start for a slightly smaller
            # alpha.
            alphas = np.sort(np.asarray(self.alphas, dtype=float).ravel())[::-1]
        except (TypeError, ValueError):
            alphas = np.array([np.nan])
        if not len(alphas) or not np.isfinite(alphas).all() or (alphas < 0).any():
            raise ValueError(
                f"{type(self).__name__}: alphas must be a number of alphas, or a "
                "non-empty list of numbers that are finite and not negative; got "
                f"{self.alphas!r}."
            )
        return alphas

    def _follow(
        self, data: Data, problem: Problem, alphas: np.ndarray, options: dict[str, Any]
    ) -> None:
        """Fit all samples along the path down to the last alpha."""
        rows = []
        # All solutions but the last are only starting points.
        options = {**options, "path_tol": self._search_tolerance()}
        for here, solution in solve_path(problem, alphas, **options):
            W = here.total(solution.point)
            certificate = solution.certificate
            n_used = int(W.any(axis=1).sum())
            rows.append((certificate.gap, certificate.optimality, n_used))
        self._keep(data, here, solution, float(alphas[-1]))
        gaps, distances, counts = zip(*rows, strict=True)
        self.path_ = {
            "alpha": alphas,
            "dual_gap": np.array(gaps),
            "optimality": np.array(distances),
            "n_features_used": np.array(counts),
        }

    def _folds(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        groups: ArrayLike | None,
        sample_weight: ArrayLike | None,
    ) -> list[Fold]:
        """Return the row indices of the training and test folds."""
        rows = np.arange(num_samples(X))
        splitter = self._splitter(groups)
        pairs = split_weighted(splitter, X, y, groups, sample_weight)
        folds = [(rows[train], rows[test]) for train, test in pairs]
        n_empty = sum(not len(train) or not len(test) for train, test in folds)
        if not folds or n_empty:
            raise ValueError(
                f"{type(self).__name__}: cv gives {len(folds)} folds, {n_empty} of "
                "them with an empty training or test set. At least one fold is "
                "required, and none may be empty."
            )
        return folds

    def _splitter(self, groups: ArrayLike | None) -> Any:
        """Return the splitter described by `cv`."""
        cv: Any = self.cv
        if cv is not None and not isinstance(cv, Integral):
            return cv if hasattr(cv, "split") else _ListedSplits(list(cv))
        n_splits = None if cv is None else int(cv)
        if groups is not None:
            kind = self._kind  # integer targets are not always classes
            return stratified_folds(n_splits, groups, task_types=kind)
        return self._default_splitter(5 if n_splits is None else n_splits)

    def _default_splitter(self, n_splits: int) -> Any:
        raise NotImplementedError


class _ListedSplits:
    """Splitter for splits that are given as a list."""

    def __init__(self, folds: list[tuple[Any, Any]]) -> None:
        self.folds = folds

    def split(
        self, X: FeaturesLike, y: TargetsLike, groups: ArrayLike | None = None
    ) -> Any:
        """Return the list."""
        return self.folds
