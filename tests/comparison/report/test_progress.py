import io
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_mtl.comparison.report import _progress
from sklearn_mtl.comparison.report._progress import Progress
from sklearn_mtl.comparison.results._costs import Costs
from sklearn_mtl.comparison.results._rows import TaskRow
from sklearn_mtl.comparison.run._fits import Fit, FitJob
from sklearn_mtl.comparison.run._jobs import Plan

TASKS = [TaskRow(name, "binary", 2, 9, "roc_auc") for name in ("ill", "recovered")]
JOB = FitJob(0, 0, -1, "forest", None, False, np.arange(8), np.arange(8, 12))
JOBS = [replace(JOB, split=split) for split in (0, 1)]
JOBS += [replace(JOB, model=1, name="net"), replace(JOB, inner=0)]


class Stream(io.StringIO):
    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


def fit(job, scores=(0.5, 0.7), seconds=30.0):
    return [Fit(job, np.array(scores), None, [], Costs(seconds, 0.0))]


@pytest.fixture
def stream(monkeypatch, request):
    made = Stream(getattr(request, "param", False))
    monkeypatch.setattr(_progress, "sys", SimpleNamespace(stderr=made))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(_progress, "_BLINK", 0.01)
    return made


def wait_for(stream, text):
    until = time.monotonic() + 30
    while text not in stream.getvalue() and time.monotonic() < until:
        time.sleep(0.005)
    assert text in stream.getvalue()


def test_lines_grow_where_stderr_is_no_terminal(monkeypatch, stream):
    monkeypatch.setattr(_progress, "_PERIOD", 0.02)
    plan = Plan([], [[job] for job in JOBS], 1)
    with Progress(plan, TASKS) as tell:
        tell(fit(JOBS[0], (0.5, 0.7)))
        tell(fit(JOBS[1], (0.6, 0.9)))
        wait_for(stream, "2 of 4 fits")
    lines = stream.getvalue().splitlines()
    table = [line for line in lines if "fits" not in line]
    assert table == [
        "mean score    mean     ill  recovered",
        "forest       0.675   0.550      0.800",
    ]
    assert any("2 of 4 fits, 0:00, about 1:00 left" in line for line in lines)
    assert "\x1b" not in stream.getvalue()


def test_a_short_run_prints_nothing_where_stderr_is_no_terminal(stream):
    with Progress(Plan([], [[job] for job in JOBS], 1), TASKS) as tell:
        for job in JOBS:
            tell(fit(job))
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [True], indirect=True)
def test_the_last_line_of_a_terminal_is_rewritten_and_removed(stream):
    with Progress(Plan([], [[job] for job in JOBS], 1), TASKS) as tell:
        wait_for(stream, "\r\x1b[K0 of 4 fits, 0:00")
        for job in JOBS[:3]:
            tell(fit(job))
    shown = stream.getvalue().split("\r\x1b[K")
    rows = [text for text in shown if text.endswith("\n")]
    assert [row.split()[0] for row in rows] == ["mean", "forest", "net"]
    assert shown[-1] == ""


def test_the_first_row_does_not_wait_for_the_period(monkeypatch, stream):
    monkeypatch.setattr(_progress, "_QUIET", 0.02)
    with Progress(Plan([], [[JOB]], 1), TASKS) as tell:
        tell(fit(JOB))
        wait_for(stream, "forest")
        tell(fit(replace(JOB, inner=0)))
        time.sleep(0.1)
    assert stream.getvalue().count("\n") == 3  # header, row and state


def test_the_time_left_runs_while_fits_do(monkeypatch, stream):
    monkeypatch.setattr(_progress, "_PERIOD", 0.02)
    now = iter(range(10_000))
    clock = SimpleNamespace(monotonic=lambda: float(next(now)))
    monkeypatch.setattr(_progress, "time", clock)
    with Progress(Plan([], [[job] for job in JOBS], 1), TASKS) as tell:
        tell(fit(JOBS[0]))
        wait_for(stream, "about 0:00 left")


def test_rows_that_were_kept_are_shown_and_take_no_time(monkeypatch, stream):
    monkeypatch.setattr(_progress, "_PERIOD", 0.02)
    kept = [fit(JOBS[0]), fit(JOBS[1])]
    with Progress(Plan(kept, [[job] for job in JOBS[2:]], 1), TASKS):
        wait_for(stream, "2 of 4 fits, 0:00\n")
    assert "forest       0.600" in stream.getvalue()


def test_means_of_different_metrics_are_left_out(monkeypatch, stream):
    monkeypatch.setattr(_progress, "_PERIOD", 0.02)
    tasks = [TASKS[0], TaskRow("dose", "regression", 0, 9, "r2")]
    with Progress(Plan([], [[JOB]], 1), tasks) as tell:
        tell(fit(JOB))
        wait_for(stream, "1 of 1 fits")
    assert "mean score     ill    dose\n" in stream.getvalue()


def test_tasks_without_room_are_left_out(monkeypatch, stream):
    monkeypatch.setattr(_progress, "_PERIOD", 0.02)
    tasks = [replace(TASKS[0], name=f"a long name of task {i}") for i in range(50)]
    with Progress(Plan([], [[JOB]], 1), tasks) as tell:
        tell(fit(JOB, [0.5] * 50))
        wait_for(stream, "1 of 1 fits")
    widths = [len(line) for line in stream.getvalue().splitlines()]
    assert 70 < max(widths) < 80


def test_the_clock_ends_with_an_error(stream):
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Progress(Plan([], [[JOB]], 1), TASKS):
        raise KeyboardInterrupt
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (65, "1:05"), (7265, "2:01:05")]
)
def test_times_are_minutes_and_seconds(seconds, text):
    assert _progress.minutes(seconds) == text
