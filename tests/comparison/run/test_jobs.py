import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from sklearn_mtl.comparison.design._resolve import Candidate
from sklearn_mtl.comparison.results._costs import Costs
from sklearn_mtl.comparison.results._rows import ModelRow
from sklearn_mtl.comparison.run import _jobs
from sklearn_mtl.comparison.run._fits import Fit
from sklearn_mtl.comparison.run._jobs import gather, list_jobs, run_jobs, selectable

ROWS = [
    ModelRow("dummy", "dummy"),
    ModelRow("tree", "single"),
    ModelRow("net, one per task", "twin"),
    ModelRow("net", "shared", "net, one per task"),
]
CANDIDATES = [Candidate(row, f"estimator of {row.name}", False) for row in ROWS]
OUTER = [(np.arange(4), np.arange(4, 6)), (np.arange(2, 6), np.arange(2))]
INNER = [
    [(np.arange(2), np.arange(2, 4))] * 3,
    [(np.arange(2, 4), np.arange(4, 6))] * 3,
]


def test_every_row_is_fitted_outside_and_the_choosable_ones_inside():
    jobs = list_jobs(CANDIDATES, OUTER, INNER)
    outer = [job for job in jobs if not job.is_inner]
    inner = [job for job in jobs if job.is_inner]
    assert [(job.model, job.split) for job in outer] == [
        (m, s) for m in range(4) for s in range(2)
    ]
    assert selectable(CANDIDATES) == [0, 1]
    assert {(job.model, job.split, job.inner) for job in inner} == {
        (m, s, i) for m in (0, 1) for s in range(2) for i in range(3)
    }
    assert len(inner) == 12
    assert outer[6].estimator == "estimator of net"
    np.testing.assert_array_equal(inner[0].train, INNER[0][0][0])


def test_without_inner_splits_nothing_is_fitted_for_the_choice():
    assert not any(job.is_inner for job in list_jobs(CANDIDATES, OUTER, []))


def test_arrays_hold_the_outer_fits_alone():
    jobs = list_jobs(CANDIDATES, OUTER, INNER)
    fits = [
        Fit(job, np.full(2, i), np.full(2, -i), [], Costs(float(i), 0.5, i))
        for i, job in enumerate(jobs)
    ]
    found = gather(fits, (4, 2, 2))
    scores = found["scores"]
    np.testing.assert_array_equal(scores[:, :, 0].ravel(), np.arange(8))
    np.testing.assert_array_equal(found["second_scores"], -scores)
    np.testing.assert_array_equal(found["fit_seconds"], scores[:, :, 0])
    np.testing.assert_array_equal(found["model_bytes"], scores[:, :, 0])
    assert (found["predict_seconds"] == 0.5).all()


def test_inner_jobs_of_one_model_and_training_part_share_a_fit(monkeypatch):
    rows = [np.arange(2), np.arange(2, 4), np.arange(4, 6)]
    folds = [(np.setdiff1d(np.arange(6), test), test) for test in rows]
    inner = [
        [(rows[2], rows[1]), (rows[1], rows[2])],
        [(rows[2], rows[0]), (rows[0], rows[2])],
        [(rows[1], rows[0]), (rows[0], rows[1])],
    ]
    jobs = list_jobs(CANDIDATES, folds, inner)
    sizes = []

    def run(jobs, material):
        sizes.append(len(jobs))
        assert len({job.train.tobytes() for job in jobs}) == 1
        return [Fit(job, None, None, []) for job in jobs]

    monkeypatch.setattr(_jobs, "run_jobs_of_a_fit", run)
    done = run_jobs(jobs, None, n_jobs=1)
    assert [fit.job for fit in done] == jobs
    assert sizes == [1] * 12 + [2] * 6


def test_who_shows_is_told_the_plan_and_every_fit(monkeypatch):
    seen = []

    @contextmanager
    def show(plan):
        seen.append(plan)
        yield lambda fits: seen.append([fit.job for fit in fits])
        seen.append("end")

    monkeypatch.setattr(
        _jobs,
        "run_jobs_of_a_fit",
        lambda jobs, _: [Fit(job, None, None, []) for job in jobs],
    )
    jobs = list_jobs(CANDIDATES, OUTER, [])
    run_jobs(jobs, None, n_jobs=1, show=show)
    plan, *told, end = seen
    assert (plan.kept, plan.todo, plan.n_workers) == ([], [[job] for job in jobs], 1)
    assert told == plan.todo
    assert end == "end"


def test_workers_load_large_libraries_with_their_first_fit(monkeypatch):
    calls = []
    monkeypatch.setattr(_jobs, "_LARGE", ("torch", "no_such_module"))
    monkeypatch.setattr(_jobs, "importlib", SimpleNamespace(import_module=calls.append))
    monkeypatch.setitem(sys.modules, "torch", None)

    def run(jobs, material):
        calls.append("fit")
        return [Fit(job, None, None, []) for job in jobs]

    monkeypatch.setattr(_jobs, "run_jobs_of_a_fit", run)
    run_jobs(list_jobs(CANDIDATES[:1], OUTER[:1], []), None, n_jobs=1)
    assert calls == ["torch", "fit"]
