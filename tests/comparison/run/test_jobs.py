import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_mtl.comparison.design._resolve import Candidate
from sklearn_mtl.comparison.results._costs import Costs
from sklearn_mtl.comparison.results._rows import ModelRow
from sklearn_mtl.comparison.run import _jobs
from sklearn_mtl.comparison.run._fits import Fit
from sklearn_mtl.comparison.run._jobs import choosable, gather, list_jobs, run_jobs

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
        (m, s) for s in range(2) for m in range(4)
    ]
    assert choosable(CANDIDATES) == [0, 1]
    assert {(job.model, job.split, job.inner) for job in inner} == {
        (m, s, i) for m in (0, 1) for s in range(2) for i in range(3)
    }
    assert len(inner) == 12
    assert outer[3].estimator == "estimator of net"
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
    np.testing.assert_array_equal(scores[:, :, 0].T.ravel(), np.arange(8))
    np.testing.assert_array_equal(found["beside"], -scores)
    np.testing.assert_array_equal(found["fit_seconds"], scores[:, :, 0])
    np.testing.assert_array_equal(found["model_bytes"], scores[:, :, 0])
    assert (found["predict_seconds"] == 0.5).all()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("verbose", [True, False])
def test_progress_is_shown_on_a_terminal_if_wanted(monkeypatch, verbose):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_jobs, "run_job", lambda job, _: SimpleNamespace(job=job))
    jobs = list_jobs(CANDIDATES, OUTER, [])
    done = run_jobs(jobs, None, n_jobs=1, verbose=verbose)
    assert [fit.job for fit in done] == jobs
    assert ("0/8" in stream.getvalue()) == verbose


def test_workers_load_large_libraries_with_their_first_fit(monkeypatch):
    calls = []
    monkeypatch.setattr(_jobs, "_LARGE", ("torch", "no_such_module"))
    monkeypatch.setattr(_jobs, "run_job", lambda job, material: calls.append("fit"))
    monkeypatch.setattr(_jobs, "importlib", SimpleNamespace(import_module=calls.append))
    monkeypatch.setitem(sys.modules, "torch", None)
    run_jobs([SimpleNamespace()], SimpleNamespace(), n_jobs=1, verbose=False)
    assert calls == ["torch", "fit"]
