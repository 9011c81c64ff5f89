"""Jobs of a comparison: listing, running and collecting all fits."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs

from sklearn_mtl.comparison.design._resolve import Candidate
from sklearn_mtl.comparison.design._splits import Split
from sklearn_mtl.comparison.results._costs import Costs
from sklearn_mtl.comparison.run._fit_cache import cache_paths, read_fit, write_fit
from sklearn_mtl.comparison.run._fits import Fit, FitJob, Material, run_jobs_of_a_fit
from sklearn_mtl.utils._termination import workers_end_with_us

__all__ = ["Plan", "gather", "list_jobs", "run_jobs", "selectable"]

# Libraries that a worker loads with its first task. joblib measures the memory of a
# worker after its first task. It would mistake a library that a later task loads for a
# memory leak, and replace the worker.
_LARGE = ("torch",)


def selectable(candidates: Sequence[Candidate]) -> list[int]:
    """Return the indices of the models that can be selected automatically."""
    return [i for i, candidate in enumerate(candidates) if candidate.row.is_candidate]


def list_jobs(
    candidates: Sequence[Candidate],
    splits: Sequence[Split],
    inner: Sequence[Sequence[Split]],
    hidden: Sequence[Sequence[np.ndarray]] = (),
) -> list[FitJob]:
    """List the fits model by model, so that models finish in the order of the table."""
    jobs = [
        _job(candidates, m, s, -1, split)
        for m in range(len(candidates))
        for s, split in enumerate(splits)
    ]
    jobs += [
        _job(candidates, m, s, i, split)
        for m in selectable(candidates)
        for s, own in enumerate(inner)
        for i, split in enumerate(own)
    ]
    jobs += [
        replace(_job(candidates, m, s, -1, splits[s]), part=i, hidden=is_hidden)
        for s, own in enumerate(hidden)
        for i, is_hidden in enumerate(own)
        for m, candidate in enumerate(candidates)
        if candidate.row.role == "twin" or candidate.row.twin is not None
    ]
    return jobs


def _job(
    candidates: Sequence[Candidate], model: int, split: int, inner: int, rows: Split
) -> FitJob:
    candidate = candidates[model]
    return FitJob(
        model=model,
        split=split,
        inner=inner,
        name=candidate.row.name,
        estimator=candidate.estimator,
        takes_raw=candidate.takes_raw,
        train=rows[0],
        test=rows[1],
        effort=candidate.effort,
    )


@dataclass(frozen=True)
class Plan:
    """Cached fits and pending jobs, from which the progress is computed.

    Attributes
    ----------
    kept : list of list of Fit
        Fits that were found in the cache.
    todo : list of list of FitJob
        Jobs to run. Jobs that share one fit are in one list.
    n_workers : int
        Number of fits that run in parallel.
    """

    kept: list[list[Fit]]
    todo: list[list[FitJob]]
    n_workers: int


Show = Callable[[Plan], AbstractContextManager[Callable[[Sequence[Fit]], None]]]


def run_jobs(
    jobs: Sequence[FitJob],
    material: Material,
    *,
    n_jobs: int | None,
    show: Show | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> list[Fit]:
    """Run the fits; `show` receives the plan, and then each finished fit."""
    paths: list[Path | None] = [None] * len(jobs)
    if cache_dir is not None:
        paths = [*cache_paths(jobs, material, cache_dir)]
    kept = [
        None if path is None else read_fit(path, job)
        for path, job in zip(paths, jobs, strict=True)
    ]
    fits = {i: fit for i, fit in enumerate(kept) if fit is not None}
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    loaded = [name for name in _LARGE if name in sys.modules]
    todo = _by_fit(jobs, [i for i in range(len(jobs)) if i not in fits])
    plan = Plan(
        kept=[[fits[i] for i in numbers] for numbers in _by_fit(jobs, sorted(fits))],
        todo=[[jobs[i] for i in numbers] for numbers in todo],
        n_workers=effective_n_jobs(n_jobs),
    )
    done = parallel(
        delayed(_numbered)(numbers, own, material, [paths[i] for i in numbers], loaded)
        for numbers, own in zip(todo, plan.todo, strict=True)
    )
    unkept: list[OSError] = []
    with workers_end_with_us(), (show or _in_silence)(plan) as tell:
        for numbers, made in done:
            fits.update(zip(numbers, made, strict=True))
            unkept += _keep([paths[i] for i in numbers], made)
            tell(made)
    if unkept:
        _warn_of_unkept(unkept, cache_dir)
    return [fits[i] for i in range(len(jobs))]


def _by_fit(jobs: Sequence[FitJob], numbers: Sequence[int]) -> list[list[int]]:
    """Group the indices of inner jobs of a model that have the same training set."""
    groups: dict[Any, list[int]] = {}
    for i in numbers:
        job = jobs[i]
        key = (job.model, job.train.tobytes()) if job.is_inner else i
        groups.setdefault(key, []).append(i)
    return list(groups.values())


@contextmanager
def _in_silence(plan: Plan) -> Iterator[Callable[[Sequence[Fit]], None]]:
    yield lambda fits: None


def _keep(paths: Sequence[Path | None], fits: Sequence[Fit]) -> list[OSError]:
    """Write finished fits to the cache and return the errors."""
    errors = []
    for path, fit in zip(paths, fits, strict=True):
        if path is None:
            continue
        try:
            write_fit(path, fit)  # does nothing on a machine without the folder
        except OSError as error:
            errors.append(error)
    return errors


def _warn_of_unkept(errors: Sequence[OSError], cache_dir: Any) -> None:
    warnings.warn(
        f"compare: {len(errors)} finished fits could not be saved in cache_dir "
        f"{os.fspath(cache_dir)!r} ({errors[0]}). The comparison is complete, but the "
        "next run will repeat these fits.",
        RuntimeWarning,
        stacklevel=4,
    )


def _numbered(
    numbers: list[int],
    jobs: Sequence[FitJob],
    material: Material,
    paths: Sequence[Path | None],
    loaded: Sequence[str],
) -> tuple[list[int], list[Fit]]:
    for name in loaded:
        importlib.import_module(name)
    fits = run_jobs_of_a_fit(jobs, material)
    _keep(paths, fits)  # the caller tries again and reports errors
    return numbers, fits


def gather(fits: Sequence[Fit], shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Collect the outer fits in arrays.

    Shapes: -> (n_models, n_splits, n_tasks).
    """
    names = [field.name for field in fields(Costs)]
    arrays = {name: np.full(shape, np.nan) for name in ("scores", "second_scores")}
    arrays |= {name: np.full(shape[:2], np.nan) for name in names}
    for fit in fits:
        if fit.job.is_outer:
            place = fit.job.model, fit.job.split
            arrays["scores"][place] = fit.scores
            arrays["second_scores"][place] = fit.second_scores
            for name in names:
                arrays[name][place] = getattr(fit.costs, name)
    return arrays
