"""All fits of a comparison: listed, run, and put into arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from sklearn_mtl.comparison._fits import Fit, Job, Material, run_job
from sklearn_mtl.comparison._resolve import Candidate
from sklearn_mtl.comparison._splits import Split

__all__ = ["choosable", "gather", "list_jobs", "run_jobs"]


def choosable(candidates: Sequence[Candidate]) -> list[int]:
    """Return the numbers of the rows that may be the best single one."""
    return [i for i, candidate in enumerate(candidates) if candidate.row.is_candidate]


def list_jobs(
    candidates: Sequence[Candidate],
    splits: Sequence[Split],
    inner: Sequence[Sequence[Split]],
) -> list[Job]:
    """List the fits.

    Parameters
    ----------
    candidates : sequence of Candidate
        The rows.
    splits : sequence of tuple of ndarray
        (train, test) rows of the outer splits.
    inner : sequence of sequence of tuple of ndarray
        The inner splits of each outer one; empty where nothing is to be chosen.

    Returns
    -------
    list of Job
        Every row on every outer split, and the choosable ones on the inner splits.
    """
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
    return jobs


def _job(
    candidates: Sequence[Candidate], model: int, split: int, inner: int, rows: Split
) -> Job:
    candidate = candidates[model]
    return Job(
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
    jobs: Sequence[Job], material: Material, *, n_jobs: int | None, verbose: bool
) -> list[Fit]:
    """Run the fits, with a progress bar if stderr is a terminal.

    Parameters
    ----------
    jobs : sequence of Job
        The fits.
    material : Material
        Inputs and labels.
    n_jobs : int or None
        How many at a time.
    verbose : bool
        Whether a progress bar is wanted.

    Returns
    -------
    list of Fit
        In the order of the jobs.
    """
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    done = parallel(delayed(_numbered)(i, job, material) for i, job in enumerate(jobs))
    fits = dict(_with_progress(done, len(jobs), verbose))
    return [fits[i] for i in range(len(jobs))]


def _numbered(number: int, job: Job, material: Material) -> tuple[int, Fit]:
    return number, run_job(job, material)


def _with_progress(done: Any, total: int, verbose: bool) -> Iterator[tuple[int, Fit]]:
    if not verbose:
        yield from done
        return
    from tqdm import tqdm

    # disable=None: no bar where stderr is no terminal
    with tqdm(total=total, disable=None, unit="fit", leave=False) as bar:
        for number, fit in done:
            bar.set_postfix_str(f"last: {fit.job.name}", refresh=False)
            bar.update()
            yield number, fit


def gather(
    fits: Sequence[Fit], shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Put the outer fits into arrays.

    Parameters
    ----------
    fits : sequence of Fit
        All fits.
    shape : tuple of int
        (n_models, n_splits, n_tasks).

    Returns
    -------
    scores, beside : ndarray of shape (n_models, n_splits, n_tasks)
        The scores.
    fit_seconds, predict_seconds : ndarray of shape (n_models, n_splits)
        The times.
    """
    scores, beside = np.full(shape, np.nan), np.full(shape, np.nan)
    fit_seconds, predict_seconds = (
        np.full(shape[:2], np.nan),
        np.full(shape[:2], np.nan),
    )
    for fit in fits:
        if not fit.job.is_inner:
            place = fit.job.model, fit.job.split
            scores[place], beside[place] = fit.scores, fit.beside
            fit_seconds[place] = fit.fit_seconds
            predict_seconds[place] = fit.predict_seconds
    return scores, beside, fit_seconds, predict_seconds
