"""All fits of a comparison: listed, run, and put into arrays."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from sklearn_mtl.comparison.design._resolve import Candidate
from sklearn_mtl.comparison.design._splits import Split
from sklearn_mtl.comparison.results._costs import Costs
from sklearn_mtl.comparison.run._cells import cell_paths, read_cell, write_cell
from sklearn_mtl.comparison.run._fits import Fit, FitJob, Material, run_job
from sklearn_mtl.utils._termination import workers_end_with_us

__all__ = ["choosable", "gather", "list_jobs", "run_jobs"]

# Libraries that a worker loads with its first task. joblib weighs a worker after that
# one, and would take what a later task loads for a leak, and replace the worker.
_LARGE = ("torch",)


def choosable(candidates: Sequence[Candidate]) -> list[int]:
    """Return the numbers of the rows that may be selected automatically."""
    return [i for i, candidate in enumerate(candidates) if candidate.row.is_candidate]


def list_jobs(
    candidates: Sequence[Candidate],
    splits: Sequence[Split],
    inner: Sequence[Sequence[Split]],
    hidden: Sequence[Sequence[np.ndarray]] = (),
) -> list[FitJob]:
    """List the fits."""
    jobs = [
        _job(candidates, m, s, -1, split)
        for s, split in enumerate(splits)
        for m in range(len(candidates))
    ]
    jobs += [
        _job(candidates, m, s, i, split)
        for s, own in enumerate(inner)
        for i, split in enumerate(own)
        for m in choosable(candidates)
    ]
    jobs += [
        replace(_job(candidates, m, s, -1, splits[s]), part=i, hidden=cells)
        for s, own in enumerate(hidden)
        for i, cells in enumerate(own)
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
    )


def run_jobs(
    jobs: Sequence[FitJob],
    material: Material,
    *,
    n_jobs: int | None,
    verbose: bool,
    cache_dir: str | os.PathLike[str] | None = None,
) -> list[Fit]:
    """Run the fits, with a progress bar if stderr is a terminal."""
    paths: list[Path | None] = [None] * len(jobs)
    if cache_dir is not None:
        paths = [*cell_paths(jobs, material, cache_dir)]
    kept = [
        None if path is None else read_cell(path, job)
        for path, job in zip(paths, jobs, strict=True)
    ]
    fits = {i: fit for i, fit in enumerate(kept) if fit is not None}
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    loaded = [name for name in _LARGE if name in sys.modules]
    done = parallel(
        delayed(_numbered)(i, job, material, paths[i], loaded)
        for i, job in enumerate(jobs)
        if i not in fits
    )
    unkept: list[OSError] = []
    with workers_end_with_us():
        for number, fit in _with_progress(done, len(fits), len(jobs), verbose):
            fits[number] = fit
            if (path := paths[number]) is None:
                continue
            try:
                write_cell(path, fit)  # a worker on another machine may see no folder
            except OSError as error:
                unkept.append(error)
    if unkept:
        _warn_of_unkept(unkept, cache_dir)
    return [fits[i] for i in range(len(jobs))]


def _warn_of_unkept(errors: Sequence[OSError], cache_dir: Any) -> None:
    warnings.warn(
        f"compare: {len(errors)} finished fits could not be kept in "
        f"{os.fspath(cache_dir)!r} ({errors[0]}). The comparison is complete, but the "
        "next run will fit them again.",
        RuntimeWarning,
        stacklevel=4,
    )


def _numbered(
    number: int,
    job: FitJob,
    material: Material,
    path: Path | None,
    loaded: Sequence[str],
) -> tuple[int, Fit]:
    for name in loaded:
        importlib.import_module(name)
    fit = run_job(job, material)
    if path is not None:
        with suppress(OSError):  # the caller tries too, and says so
            write_cell(path, fit)
    return number, fit


def _with_progress(
    done: Any, n_kept: int, total: int, verbose: bool
) -> Iterator[tuple[int, Fit]]:
    if not verbose:
        yield from done
        return
    from tqdm import tqdm

    # disable=None: no bar where stderr is no terminal
    with tqdm(
        total=total, initial=n_kept, disable=None, unit="fit", leave=False
    ) as bar:
        for number, fit in done:
            bar.set_postfix_str(f"last: {fit.job.name}", refresh=False)
            bar.update()
            yield number, fit


def gather(fits: Sequence[Fit], shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Put the outer fits into arrays.

    Shapes: -> (n_models, n_splits, n_tasks).
    """
    names = [field.name for field in fields(Costs)]
    arrays = {name: np.full(shape, np.nan) for name in ("scores", "beside")}
    arrays |= {name: np.full(shape[:2], np.nan) for name in names}
    for fit in fits:
        if fit.job.is_outer:
            place = fit.job.model, fit.job.split
            arrays["scores"][place] = fit.scores
            arrays["beside"][place] = fit.beside
            for name in names:
                arrays[name][place] = getattr(fit.costs, name)
    return arrays
