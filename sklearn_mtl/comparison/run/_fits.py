"""Fit one model on one split, and keep what goes wrong."""

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
    """What every fit reads.

    Attributes
    ----------
    X, raw_X : array-like of shape (n_samples, n_features)
        Inputs for the rows known by name, and as they came for other estimators.
    y_fit, y_score : array-like of shape (n_samples, n_tasks)
        Labels to learn from, some of them hidden perhaps, and to score against.
    scores : TaskScores
        Scores a fitted model.
    group : ndarray of shape (n_samples,) or None, default=None
        Number of the group of each sample, for every fit that takes groups.
    """

    X: FeaturesLike
    raw_X: Any
    y_fit: Any
    y_score: Any
    scores: TaskScores
    group: np.ndarray | None = None

    def __sizeof__(self) -> int:
        # joblib's Dask backend asks for it, and sends what is large to a worker once
        # instead of with every fit.
        return 1_000_000

    def inputs(self, job: FitJob) -> Any:
        """Return the inputs in the form that a job takes."""
        return self.raw_X if job.takes_raw else self.X


@dataclass(frozen=True)
class FitJob:
    """One fit, scored on one test part.

    Attributes
    ----------
    model, split : int
        Number of the row and of the outer split.
    inner : int
        Number of the inner split; -1 for the fit that is scored on the test part.
    name : str
        Name of the row.
    estimator : estimator
        Cloned and fitted.
    takes_raw : bool
        Whether it gets the inputs as they came.
    train, test : ndarray
        Rows. Those of an inner fit all belong to the training part of its split.
    part : int, default=-1
        Number of the share of labels that it learns from; -1 for all of them.
    hidden : ndarray of shape (n_train, n_tasks) or None, default=None
        Labels of the training rows that it must not see.
    effort : float, default=1.0
        Rough cost of a fit compared with those of other models, for the time left.
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
        """Whether it learns from the whole training part, and is scored on the test."""
        return self.inner < 0 and self.part < 0

    @property
    def is_inner(self) -> bool:
        """Whether the fit only serves the choice of the automatically selected row."""
        return self.inner >= 0


@dataclass(frozen=True)
class Fit:
    """What came of a job; scores are NaN after an error.

    Attributes
    ----------
    job : FitJob
        What was done.
    scores, beside : ndarray of shape (n_tasks,)
        The score that counts, and the second one.
    problems : list of Problem
        Errors and warnings.
    costs : Costs
        Seconds and bytes.
    """

    job: FitJob
    scores: np.ndarray
    beside: np.ndarray
    problems: list[FitProblem]
    costs: Costs = NO_COSTS


def run_jobs_of_a_fit(jobs: Sequence[FitJob], material: Material) -> list[Fit]:
    """Fit once, score each test part, and never raise because of the model."""
    nothing = np.full(len(material.scores.tasks), np.nan)
    fits = [Fit(job, nothing, nothing, []) for job in jobs]
    with _recorded(fits[0]):
        try:
            model, costs = _fit(jobs[0], material)
        except Exception as error:  # any failure of any model belongs in the report
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
    # what an inner fit is scored against must be what its split may train on
    truth = material.y_fit if job.is_inner else material.y_score
    X, y = take_rows(material.inputs(job), job.test), take_rows(truth, job.test)
    start = time.perf_counter()
    scores = material.scores.first(model, X, y)
    costs = replace(fit.costs, predict_seconds=time.perf_counter() - start)
    fit = replace(fit, scores=scores, costs=costs)
    if not job.is_outer:
        return fit
    try:
        return replace(fit, beside=material.scores.second(model, X, y))
    except Exception as error:  # the score that counts is there: only worth a warning
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
    """Record warnings as problems, equal ones once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python's warning filters are global: other threads use them too
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    told = {(w.category, str(w.message)): w.message for w in caught}
    fit.problems.extend(_problem(fit.job, "warning", m) for m in told.values())
