"""Fit and scores of one model on one split."""

from __future__ import annotations

import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from sklearn_mtl.comparison.design._inputs import take_rows
from sklearn_mtl.comparison.design._scoring import TaskScores
from sklearn_mtl.comparison.results._costs import (
    NO_COSTS,
    Costs,
    pickled_size,
)
from sklearn_mtl.comparison.results._rows import FitProblem
from sklearn_mtl.datasets import without_cells
from sklearn_mtl.utils._fit_params import fit_params_for
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, Predictor

__all__ = ["Fit", "FitJob", "Material", "run_jobs_of_a_fit"]


@dataclass(frozen=True)
class Material:
    """Data that all fits share.

    Attributes
    ----------
    X, raw_X : array-like of shape (n_samples, n_features)
        Inputs in the common form for built-in models, and unchanged inputs for other
        estimators.
    y_fit, y_score : array-like of shape (n_samples, n_tasks)
        Labels for training, of which some may be hidden, and labels for scoring.
    scores : TaskScores
        Scorer of fitted models.
    group : ndarray of shape (n_samples,) or None, default=None
        Group index of each sample, for estimators whose fit takes groups.
    """

    X: FeaturesLike
    raw_X: Any
    y_fit: Any
    y_score: Any
    scores: TaskScores
    group: np.ndarray | None = None

    def __sizeof__(self) -> int:
        # joblib's Dask backend sends large objects to each worker once, not with every
        # fit, and determines their size by this method.
        return 1_000_000

    def inputs(self, job: FitJob) -> Any:
        """Return the inputs in the form that a job requires."""
        return self.raw_X if job.takes_raw else self.X


@dataclass(frozen=True)
class FitJob:
    """A fit to be scored on one test set.

    Attributes
    ----------
    model, split : int
        Index of the model and of the outer split.
    inner : int
        Index of the inner split, or -1 for an outer fit.
    name : str
        Name of the model.
    estimator : estimator
        Estimator, of which a clone is fitted.
    takes_raw : bool
        Whether the estimator receives X unchanged.
    train, test : ndarray
        Indices of the samples. For an inner fit, both are subsets of the training set
        of its outer split.
    part : int, default=-1
        Index of the fraction of the labels to learn from, or -1 for all labels.
    hidden : ndarray of shape (n_train, n_tasks) or None, default=None
        Mask of the training labels to hide.
    effort : float, default=1.0
        Rough cost of the fit relative to other models, for the remaining time.
    """

    model: int
    split: int
    inner: int
    name: str
    estimator: Estimator
    takes_raw: bool
    train: np.ndarray
    test: np.ndarray
    part: int = -1
    hidden: np.ndarray | None = None
    effort: float = 1.0

    @property
    def is_outer(self) -> bool:
        """Return whether this is an outer fit to all training labels."""
        return self.inner < 0 and self.part < 0

    @property
    def is_inner(self) -> bool:
        """Return whether this is an inner fit, which serves the automatic selection."""
        return self.inner >= 0


@dataclass(frozen=True)
class Fit:
    """Result of a job; scores are NaN after an error.

    Attributes
    ----------
    job : FitJob
        The job.
    scores, second_scores : ndarray of shape (n_tasks,)
        Scores by the main and the second metric of each task.
    problems : list of FitProblem
        Errors and warnings.
    costs : Costs
        Times and size of the model.
    """

    job: FitJob
    scores: np.ndarray
    second_scores: np.ndarray
    problems: list[FitProblem]
    costs: Costs = NO_COSTS


def run_jobs_of_a_fit(jobs: Sequence[FitJob], material: Material) -> list[Fit]:
    """Fit a model once and score it on each test set; record errors of the model."""
    nothing = np.full(len(material.scores.tasks), np.nan)
    fits = [Fit(job, nothing, nothing, []) for job in jobs]
    with _recorded(fits[0]):
        try:
            model, costs = _fit(jobs[0], material)
        except Exception as error:  # report any error and continue with other models
            for fit in fits:
                fit.problems.append(_error(fit.job, error))
            return fits
        fits[0] = _tried(replace(fits[0], costs=costs), model, material)
    for i, fit in enumerate(fits[1:], start=1):
        with _recorded(fit):
            fits[i] = _tried(replace(fit, costs=costs), model, material)
    return fits


def _tried(fit: Fit, model: Predictor, material: Material) -> Fit:
    try:
        return _scored(fit, model, material)
    except Exception as error:  # as above
        fit.problems.append(_error(fit.job, error))
        return fit


def _fit(job: FitJob, material: Material) -> tuple[Any, Costs]:
    X = take_rows(material.inputs(job), job.train)
    y = take_rows(material.y_fit, job.train)
    if job.hidden is not None:
        y = without_cells(y, job.hidden)
    groups = None if material.group is None else material.group[job.train]
    params = fit_params_for(job.estimator, {"groups": groups}, "compare")
    start = time.perf_counter()
    model = clone(job.estimator).fit(X, y, **params)
    seconds = time.perf_counter() - start
    size = pickled_size(model) if job.is_outer else np.nan
    return model, Costs(seconds, np.nan, size)


def _scored(fit: Fit, model: Predictor, material: Material) -> Fit:
    job = fit.job
    # inner fits must not be scored on labels that are hidden from training
    truth = material.y_fit if job.is_inner else material.y_score
    X, y = take_rows(material.inputs(job), job.test), take_rows(truth, job.test)
    start = time.perf_counter()
    scores = material.scores.first(model, X, y)
    costs = replace(fit.costs, predict_seconds=time.perf_counter() - start)
    fit = replace(fit, scores=scores, costs=costs)
    if not job.is_outer:
        return fit
    try:
        return replace(fit, second_scores=material.scores.second(model, X, y))
    except Exception as error:  # only a warning, because the main score is available
        fit.problems.append(_problem(job, "warning", error))
        return fit


def _error(job: FitJob, error: Exception) -> FitProblem:
    details = "".join(traceback.format_exception(error))
    return _problem(job, "error", error, details)


def _problem(job: FitJob, kind: str, error: Any, details: str = "") -> FitProblem:
    where = "choice" if job.is_inner else "curve" if job.part >= 0 else "test"
    text = " ".join(str(error).split())
    message = f"{type(error).__name__}: {text}"
    return FitProblem(job.name, job.split, kind, where, message, details)


@contextmanager
def _recorded(fit: Fit) -> Iterator[None]:
    """Record warnings as problems, without duplicates."""
    if threading.current_thread() is not threading.main_thread():
        yield  # warning filters are global and would affect other threads
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    told = {(w.category, str(w.message)): w.message for w in caught}
    fit.problems.extend(_problem(fit.job, "warning", m) for m in told.values())
