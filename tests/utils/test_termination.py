"""Whoever asks for workers takes them along when asked to terminate."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sklearn_mtl.utils._termination import workers_end_with_us

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGTERM is POSIX's")

PROGRAM = """
import os, sys, time
from pathlib import Path
import numpy as np
from sklearn.dummy import DummyRegressor

class Slow(DummyRegressor):
    def fit(self, X, y, sample_weight=None):
        Path(sys.argv[1], str(os.getpid())).touch()
        time.sleep(120)

X = np.random.default_rng(0).normal(size=(40, 2))
{call}
"""
CALLS = {
    "compare": "from sklearn_mtl import compare\n"
    "from sklearn_mtl import IndependentTasks\n"
    "compare(X, X, {'slow': IndependentTasks(Slow())}, n_jobs=2)",
    "cross_val_predict": "from sklearn_mtl.model_selection import cross_val_predict\n"
    "cross_val_predict(Slow(), X, X, n_jobs=2)",
    "cross_validate": "from sklearn_mtl.model_selection import cross_validate\n"
    "cross_validate(Slow(), X, X, n_jobs=2, cv=2)",
    "IndependentTasks": "from sklearn_mtl import IndependentTasks\n"
    "IndependentTasks(Slow(), n_jobs=2).fit(X, X)",
}


def wait_until(is_so, seconds=60):
    """Look again and again; say whether it came true in time."""
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    return is_so()


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.split(")")[1].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize("call", CALLS)
def test_sigterm_leaves_no_workers(call, tmp_path):
    program = PROGRAM.format(call=CALLS[call])
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        started = wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        run.terminate()
        _, errors = run.communicate(timeout=60)
    assert started, errors
    workers = [int(file.name) for file in tmp_path.iterdir()]
    assert run.returncode == 128 + signal.SIGTERM
    assert run.pid not in workers
    assert wait_until(lambda: not any(map(is_running, workers)), 30)


def test_the_callers_handler_stays():
    seen = []
    before = signal.signal(signal.SIGTERM, lambda *arguments: seen.append(1))
    try:
        with workers_end_with_us():
            signal.raise_signal(signal.SIGTERM)
        assert seen == [1]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_default_is_put_back():
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit, match="143"), workers_end_with_us():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_threads_leave_signals_alone():
    found = []

    def enter():
        with workers_end_with_us():
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [before]
