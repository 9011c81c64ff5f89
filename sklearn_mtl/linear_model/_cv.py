"""What the two cross-validated estimators share."""

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

#: Largest relative duality gap of the fits on training parts. scikit-learn's default of
#: 1e-4 is relative to ||y||^2, twice the loss at zero.
SEARCH_TOLERANCE = 2e-4
#: It is so many times tol, so that a smaller tol makes the search as precise as asked.
LOOSER = 200.0


class LinearSearchMixin(LinearBase):
    """Choose alpha along a path, then fit all rows down to the one chosen."""

    _parameter_constraints: dict[str, list[Any]] = {
        **LinearBase._parameter_constraints,
        "penalty": [str, Penalty],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "eps": [Interval(Real, 0, 1, closed="neither")],
        "cv": ["cv_object", HasMethods("split")],
        "selection": [StrOptions({"min", "one_standard_error"})],
    }

    # as scikit-learn's group splitters: who passes groups wants them to be kept apart
    __metadata_request__fit = {"groups": True}

    _strength = "alphas"
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
        """Fit, and set the fitted attributes."""
        if not len(data.kept):
            self._keep_constants(data.X.shape[1], np.nan)
            return
        who = type(self).__name__
        if isinstance(self.penalty, str) and self.penalty == EMPIRICAL_BAYES:
            raise ValueError(
                f"{who}: 'empirical_bayes' has no strength to search for; fit "
                f"{who.removesuffix('CV')}."
            )
        penalty = self._resolve(data)
        is_given = None if isinstance(self.alphas, Integral) else penalty
        data = self._pooled(self._in_common_units(data, is_given))
        problem = Problem(data.datafit(), penalty, data.columns)
        alphas = self._alphas(problem)
        folds = self._folds(X, y, groups, sample_weight)
        options = {"tol": self.tol, "max_iter": self.max_iter}
        # Losses of test parts need no more than scikit-learn's default precision.
        coarse = {**options, "tol": self._search_tolerance()}
        found = search(data, penalty, alphas, folds, **coarse)
        best = found.best(self.selection)
        self.alphas_, self.cv_results_ = alphas, found.table()
        self.n_splits_ = len(folds)
        self._follow(data, problem, alphas[: best + 1], options)

    def _search_tolerance(self) -> float:
        """Return the duality gap of fits that are not kept."""
        return float(max(self.tol, min(LOOSER * self.tol, SEARCH_TOLERANCE)))

    def _alphas(self, problem: Problem) -> np.ndarray:
        """Return the strengths, decreasing."""
        if isinstance(self.alphas, Integral):
            return alpha_grid(problem, int(self.alphas), self.eps)
        try:
            # Decreasing: each solution is a warm start for a slightly weaker penalty.
            alphas = np.sort(np.asarray(self.alphas, dtype=float).ravel())[::-1]
        except (TypeError, ValueError):
            alphas = np.array([np.nan])
        if not len(alphas) or not np.isfinite(alphas).all() or (alphas < 0).any():
            raise ValueError(
                f"{type(self).__name__}: alphas must be a number of strengths or at "
                "least one strength, finite and not negative; found "
                f"{self.alphas!r}."
            )
        return alphas

    def _follow(
        self, data: Data, problem: Problem, alphas: np.ndarray, options: dict[str, Any]
    ) -> None:
        """Fit all rows along the path down to the last alpha."""
        rows = []
        # Those on the way are starting points; only the last one is kept.
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
        """Return the rows of the training and test parts."""
        rows = np.arange(num_samples(X))
        splitter = self._splitter(groups)
        pairs = split_weighted(splitter, X, y, groups, sample_weight)
        folds = [(rows[train], rows[test]) for train, test in pairs]
        n_empty = sum(not len(train) or not len(test) for train, test in folds)
        if not folds or n_empty:
            raise ValueError(
                f"{type(self).__name__}: cv gives {len(folds)} folds, {n_empty} of "
                "them with an empty part; allowed is at least one fold, none with an "
                "empty part."
            )
        return folds

    def _splitter(self, groups: ArrayLike | None) -> Any:
        """Return the splitter that `cv` stands for."""
        cv: Any = self.cv
        if cv is not None and not isinstance(cv, Integral):
            return cv if hasattr(cv, "split") else _Listed(list(cv))
        n_splits = None if cv is None else int(cv)
        if groups is not None:
            kind = self._kind  # whole numbers are not always classes
            return stratified_folds(n_splits, groups, task_types=kind)
        return self._default_splitter(5 if n_splits is None else n_splits)

    def _default_splitter(self, n_splits: int) -> Any:
        raise NotImplementedError


class _Listed:
    """Splits that are given as a list."""

    def __init__(self, folds: list[tuple[Any, Any]]) -> None:
        self.folds = folds

    def split(
        self, X: FeaturesLike, y: TargetsLike, groups: ArrayLike | None = None
    ) -> Any:
        """Return the list."""
        return self.folds
