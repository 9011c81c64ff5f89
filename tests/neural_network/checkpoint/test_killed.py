"""A process that is killed at any moment loses at most the epoch that it is in."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold
from tests.neural_network.checkpoint.killed import (
    Fits,
    X,
    Y,
    assert_same_result,
    fit_and_tell,
    long_net,
    result,
)
from tests.neural_network.nets import tiny

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL"
)


@pytest.mark.parametrize("n_kills", [3, pytest.param(20, marks=pytest.mark.exhaustive)])
def test_a_fit_that_is_killed_at_random_moments_ends_with_the_same_bits(
    n_kills, tmp_path
):
    n_epochs = 30 + 6 * n_kills  # more than all kills together let pass
    fits = Fits(tmp_path, max_epochs=n_epochs)
    moments = np.random.default_rng(n_kills).uniform(0, 0.06, n_kills)
    codes = [fits.kill_after(seconds) for seconds in moments]
    assert codes == [-signal.SIGKILL] * n_kills
    assert_same_result(fits.finish(), result(long_net(max_epochs=n_epochs).fit(X, Y)))


@pytest.mark.parametrize("moment", ["fsync", "replace", "unlink"])
def test_a_fit_that_is_killed_while_it_writes_ends_with_the_same_bits(moment, tmp_path):
    fits = Fits(tmp_path, max_epochs=12)
    for call in (1, 2, 3):
        process = fits.start(die=(moment, call))
        process.join()
        assert process.exitcode == -signal.SIGKILL
    # at most the last good one, the one before, and one that was just written
    assert len(list(fits.folder.rglob("epoch-*.mtl"))) <= 3
    assert fits.last_epoch() >= 3  # each went on from the one before
    assert_same_result(fits.finish(), result(long_net(max_epochs=12).fit(X, Y)))
    left = sorted(path.name for path in fits.folder.rglob("*") if path.is_file())
    assert left == ["epoch-000012.mtl", "lock"]


@pytest.mark.skipif(sys.platform == "win32", reason="of Unix alone")
def test_a_file_that_the_system_cuts_off_is_an_error_and_leaves_the_one_before(
    tmp_path,
):
    fits = Fits(tmp_path, max_epochs=12)
    fits.run(fit_and_tell, fits.folder, tmp_path / "error.txt", fits.arguments)
    said = (tmp_path / "error.txt").read_text(encoding="utf-8")
    assert "the checkpoint of epoch 6 could not be written" in said
    assert os.strerror(errno.EFBIG) in said
    left = sorted(path.name for path in fits.folder.rglob("*") if path.is_file())
    assert left == ["epoch-000004.mtl", "epoch-000005.mtl", "lock"]
    assert_same_result(fits.finish(), result(long_net(max_epochs=12).fit(X, Y)))


def test_processes_with_the_same_fit_do_not_disturb_each_other(tmp_path):
    fits = Fits(tmp_path, max_epochs=30)
    outs = [tmp_path / f"{number}.npz" for number in range(3)]
    processes = [fits.start(out) for out in outs]
    while fits.last_epoch() < 3:
        time.sleep(0.001)
    processes[0].kill()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes[1:]] == [0, 0]
    expected = result(long_net(max_epochs=30).fit(X, Y))
    assert_same_result(fits.finish(), expected)
    for out in outs[1:]:
        with np.load(out) as file:
            assert_same_result(dict(file), expected)


SCRIPT = """
import sys
import numpy as np
from tests.neural_network.checkpoint.test_killed import search
found = search(checkpoint=sys.argv[1], n_jobs=2)
np.savez(sys.argv[2], **{k: v for k, v in found.items()})
"""
GRID = {"lr": [0.003, 0.03], "dropout": [0.0, 0.2]}


def search(n_jobs, **arguments):
    """Return the scores of a search, and what the best net says."""
    arguments = {"batch_size": 16, "early_stopping": True, **arguments}
    net = tiny(MultiTaskClassifier, n_members=2, max_epochs=20, **arguments)
    y = np.nan_to_num(Y[:, :2])
    folds = MultiTaskStratifiedKFold(3, shuffle=True, random_state=0)
    found = GridSearchCV(net, GRID, cv=folds, n_jobs=n_jobs).fit(X, y)
    scores = {k: v for k, v in found.cv_results_.items() if k.startswith("split")}
    return {**scores, "predictions": found.predict(X)}


def test_the_fits_of_a_search_keep_apart(tmp_path):
    found = search(n_jobs=2, checkpoint=tmp_path)
    assert_same_result(found, search(n_jobs=None))
    # four candidates on three folds, and the best on all samples
    assert len(list(tmp_path.iterdir())) == 4 * 3 + 1
    again = search(n_jobs=None, checkpoint=tmp_path)
    assert_same_result(found, again)
    assert len(list(tmp_path.iterdir())) == 4 * 3 + 1


@pytest.mark.exhaustive  # starts two workers four times
def test_a_search_that_is_killed_ends_with_the_same_scores(tmp_path):
    out, folder = tmp_path / "out.npz", tmp_path / "checkpoints"
    command = [sys.executable, "-c", SCRIPT, str(folder), str(out)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def start():
        return subprocess.Popen(command, env=environment, start_new_session=True)

    for n_begun in (2, 5, 8):
        process = start()
        while process.poll() is None and len(list(folder.glob("*"))) < n_begun:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert start().wait() == 0
    with np.load(out) as file:
        assert_same_result(dict(file), search(n_jobs=None))
    assert len(list(Path(folder).iterdir())) == 4 * 3 + 1
