import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.tree import DecisionTreeClassifier

from sklearn_mtl.comparison import compare
from sklearn_mtl.comparison.design._scoring import TaskScores, describe_tasks
from sklearn_mtl.comparison.results._costs import Costs
from sklearn_mtl.comparison.results._rows import FitProblem
from sklearn_mtl.comparison.run import _fits
from sklearn_mtl.comparison.run._fit_cache import cache_paths, read_fit, write_fit
from sklearn_mtl.comparison.run._fits import Fit, FitJob, Material
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import TaskSet

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0.3]).astype(int)


def material(X=X, y=Y, scoring="accuracy"):
    tasks, codes = TaskSet.from_y(y)
    return Material(X, X, y, y, TaskScores(describe_tasks(tasks, codes, scoring)))


def job(**changed):
    given = {
        "model": 0,
        "split": 0,
        "inner": -1,
        "name": "tree",
        "estimator": DecisionTreeClassifier(max_depth=2),
        "takes_raw": False,
        "train": np.arange(40),
        "test": np.arange(40, 60),
    }
    return FitJob(**{**given, **changed})


def name_of(folder, one=None, table=None):
    return cache_paths([one or job()], table or material(), folder)[0].name


@pytest.mark.parametrize(
    "changed",
    [
        {"estimator": DecisionTreeClassifier(max_depth=3)},
        {"takes_raw": False, "inner": 0},
        {"train": np.arange(39)},
        {"test": np.arange(41, 60)},
        {"part": 0, "hidden": np.zeros((40, 2), dtype=bool)},
    ],
    ids=["parameters", "choice", "train", "test", "hidden labels"],
)
def test_what_a_result_depends_on_changes_the_file(tmp_path, changed):
    assert name_of(tmp_path, job(**changed)) != name_of(tmp_path)


@pytest.mark.parametrize(
    "other",
    [material(X + 1), material(y=Y[:, ::-1]), material(scoring="roc_auc")],
    ids=["inputs", "labels", "metric"],
)
def test_other_data_and_metrics_change_the_file(tmp_path, other):
    assert name_of(tmp_path, table=other) != name_of(tmp_path)


def test_names_and_places_of_rows_do_not_change_the_file(tmp_path):
    assert name_of(tmp_path, job(model=3, split=2, name="other")) == name_of(tmp_path)


FRAME = pd.DataFrame(X, columns=list("abc")).assign(ward=["north", "south"] * 30)


@pytest.mark.parametrize(
    ("table", "twin", "other"),
    [
        (FRAME, FRAME.copy(), FRAME.rename(columns={"a": "z"})),
        (FRAME, FRAME.iloc[:, :], FRAME.assign(ward=["south", "north"] * 30)),
        (sparse.csr_matrix(X), sparse.coo_matrix(X).tocsr(), sparse.csr_matrix(X * 2)),
        (X, np.asfortranarray(X), X.astype(np.float32)),
        (X.astype(object), X.astype(object).copy(), X.astype(str).astype(object)),
    ],
    ids=["names", "values", "sparse", "memory", "objects"],
)
def test_equal_tables_have_one_file_and_others_another(tmp_path, table, twin, other):
    names = [name_of(tmp_path, table=material(t)) for t in (table, twin, other)]
    assert names[0] == names[1] != names[2]


def finished(**changed):
    told = [FitProblem("tree", 0, "warning", "test", "UserWarning: careful")]
    given = {
        "scores": np.array([0.1 + 0.2, np.nan]),
        "second_scores": np.full(2, np.nan),
    }
    return Fit(
        **{"job": job(), "problems": told, "costs": Costs(1.5), **given, **changed}
    )


def test_a_fit_comes_back_bit_by_bit(tmp_path):
    path = tmp_path / "cell.json"
    write_fit(path, finished())
    found = read_fit(path, job(split=4, name="mine"))
    np.testing.assert_array_equal(found.scores, finished().scores)
    assert found.costs.fit_seconds == 1.5
    assert np.isnan(found.costs.model_bytes)
    assert (found.problems[0].split, found.problems[0].model) == (4, "mine")
    assert [p.name for p in tmp_path.iterdir()] == ["cell.json"]  # no part is left


def test_failures_are_tried_again(tmp_path):
    path = tmp_path / "cell.json"
    write_fit(path, finished(problems=[FitProblem("t", 0, "error", "test", "E: x")]))
    assert read_fit(path, job()) is None


def flipped(content, bit):
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"3",
        b'{"scores": [0.',
        b'{"fit": [], "sha256": ""}',
        b"\xff",
    ],
)
def test_damaged_files_are_not_believed_and_make_room(content, tmp_path):
    path = tmp_path / "cell.json"
    path.write_bytes(content)
    assert read_fit(path, job()) is None
    write_fit(path, finished())
    assert read_fit(path, job()) is not None


def test_no_flipped_bit_changes_a_result(tmp_path):
    path = tmp_path / "cell.json"
    write_fit(path, finished())
    content = path.read_bytes()
    expected = read_fit(path, job())
    for bit in RNG.choice(8 * len(content), size=200, replace=False).tolist():
        path.write_bytes(flipped(content, bit))
        found = read_fit(path, job())
        if found is not None:  # such as a \r for a \n that separates nothing
            np.testing.assert_array_equal(found.scores, expected.scores)
            assert found.problems == expected.problems


def test_a_full_disk_does_not_end_a_comparison(tmp_path, monkeypatch):
    def no_space(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    estimators = {"tree": IndependentTasks(DecisionTreeClassifier(random_state=0))}
    expected = compare(X, Y, estimators, cv=2, random_state=0)
    monkeypatch.setattr("sklearn_mtl.comparison.run._fit_cache.os.replace", no_space)
    with pytest.warns(RuntimeWarning, match=r"2 finished fits.*No space") as told:
        found = compare(X, Y, estimators, cv=2, random_state=0, cache_dir=tmp_path)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert not list(tmp_path.iterdir())
    pd.testing.assert_frame_equal(
        found.table.filter(like="task"), expected.table.filter(like="task")
    )


def test_a_worker_that_does_not_see_the_folder_leaves_writing_to_the_caller(tmp_path):
    path = tmp_path / "elsewhere" / "cell.json"
    write_fit(path, finished())
    assert not path.parent.exists()


def test_an_estimator_that_cannot_be_told_from_another_is_refused(tmp_path):
    class Local(DecisionTreeClassifier):
        pass

    rows = {"local": IndependentTasks(Local())}
    with pytest.raises(TypeError, match=r"Model 'local' cannot be pickled: .*[Ll]ocal"):
        compare(X, Y, rows, cv=2, cache_dir=tmp_path)
    assert compare(X, Y, rows, cv=2).n_scored("local") == 2


def test_a_second_run_fits_nothing_and_finds_the_same(tmp_path, monkeypatch):
    shared = MultiTaskForestClassifier(n_estimators=3, random_state=0)
    rows = ["dummy", "linear", ("forest", shared)]
    options = {"cv": 2, "learning_curve": [0.4], "scoring": "accuracy"}
    first = compare(X, Y, rows, **options, cache_dir=tmp_path)
    files = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    # 2 splits: 4 rows outside, 2 rows inside 3 times, 2 rows with fewer labels
    assert len(files) == 2 * (4 + 2 * 3 + 2)
    monkeypatch.setattr(_fits, "clone", None)  # any fit would fail
    again = compare(X, Y, rows, **options, cache_dir=tmp_path)
    assert again.problems == first.problems == []
    assert again.to_dict() == first.to_dict()  # the seconds too
    assert files == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}


SCRIPT = """
import json, os, sys, time
from pathlib import Path
import numpy as np
from sklearn.tree import DecisionTreeClassifier
from sklearn_mtl.comparison import compare
from sklearn_mtl.comparison.run import _fits
from sklearn_mtl.multioutput import IndependentTasks

log, stop_at = Path(sys.argv[1]), int(sys.argv[2])

class Logged(DecisionTreeClassifier):
    def fit(self, X, y):
        n_before = len(log.read_text()) if log.exists() else 0
        log.write_text("x" * (n_before + 1))
        if n_before + 1 == stop_at:
            time.sleep(60)  # the killer comes
        return super().fit(X, y)

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3))
y = (X + rng.normal(size=X.shape) > 0).astype(int)
rows = {f"d{d}": IndependentTasks(Logged(max_depth=d, random_state=0)) for d in (1, 3)}

def run(cache_dir):
    found = compare(X, y, rows, cv=3, inner_cv=2, cache_dir=cache_dir)
    return found.measured.scores.tolist(), found.measured.chosen.tolist()

resumed = run(sys.argv[3])
n_fits = len(log.read_text())
print(json.dumps([resumed, n_fits, run(None)]))
"""


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path):
    script, log, cells = (tmp_path / name for name in ("run.py", "log", "cells"))
    script.write_text(textwrap.dedent(SCRIPT))

    def command(stop_at):
        return [sys.executable, str(script), str(log), str(stop_at), str(cells)]

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # 3 tasks a fit: the 20th task fit belongs to the 7th fit
    with subprocess.Popen(command(20), env=environment) as process:
        while process.poll() is None and not (
            log.exists() and len(log.read_text()) == 20
        ):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len([path for path in cells.iterdir() if path.suffix == ".json"]) == 6
    done = subprocess.run(
        command(-1), env=environment, capture_output=True, text=True, check=True
    )
    resumed, n_fits, uninterrupted = json.loads(done.stdout)
    # 2 rows on 3 splits outside and 6 inside; only the fit that was killed came twice
    assert n_fits == 18 * 3 + 2
    assert resumed == uninterrupted
