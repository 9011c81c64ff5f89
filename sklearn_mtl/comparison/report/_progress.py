"""Progress of a running comparison on stderr."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import numpy as np

from sklearn_mtl.comparison.results._gains import MEAN
from sklearn_mtl.comparison.results._rows import TaskRow
from sklearn_mtl.comparison.results._words import number, shorten
from sklearn_mtl.comparison.run._fits import Fit
from sklearn_mtl.comparison.run._jobs import Plan
from sklearn_mtl.comparison.run._time_left import TimeLeft
from sklearn_mtl.metrics import mean_over_tasks, tasks_in_means

__all__ = ["Progress", "minutes"]

_PERIOD = 10.0  # seconds between two reports if stderr is not a terminal
_QUIET = 5.0  # least seconds before the first report
_BLINK = 0.5  # seconds between two checks for new results
_NAME_WIDTH, _TASK_WIDTH = 28, 12
_NUMBER_WIDTH, _GAP = 6, 2
_MAX_WIDTH = 120
_TITLE = "mean score"
_CLEAR = "\r\x1b[K"  # go to the start of the line and erase it


class Progress:
    """Print finished models, the number of fits and the remaining time to stderr.

    On a terminal the last line is overwritten. Otherwise lines are added every ten
    seconds, and a comparison of a few seconds prints nothing.
    """

    def __init__(self, plan: Plan, tasks: Sequence[TaskRow]) -> None:
        self._stream = sys.stderr
        self._is_terminal = self._stream.isatty()
        self._n_done = len(plan.kept)
        self._total = len(plan.kept) + len(plan.todo)
        self._left = TimeLeft(plan.todo, plan.n_workers)
        self._table = _GrowingTable(plan, tasks, _width() - 1)
        self._start = self._updated = time.monotonic()
        self._told: float | None = None
        self._lock = threading.Lock()
        self._end = threading.Event()
        # A thread updates the time during fits that take minutes.
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Callable[[Sequence[Fit]], None]:
        self._clock.start()
        return self._add

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._clock.join()
        if self._is_terminal:
            self._put("".join(f"{_CLEAR}{line}\n" for line in self._table.take()))
            self._put(_CLEAR)

    def _add(self, fits: Sequence[Fit]) -> None:
        """Record a finished fit, which is scored on one or more test sets."""
        with self._lock:
            self._updated = time.monotonic()
            self._n_done += 1
            self._left.add(fits)
            self._table.add(fits)

    def _tick(self) -> None:
        while not self._end.wait(_BLINK):
            with self._lock:
                if self._is_terminal:
                    lines, state = self._table.take(), self._state()
                    self._put("".join(f"{_CLEAR}{line}\n" for line in lines))
                    self._put(f"{_CLEAR}{state[: _width() - 1]}")
                elif self._is_due():
                    self._told = time.monotonic()
                    lines = [*self._table.take(), self._state()]
                    self._put("".join(f"{line}\n" for line in lines))

    def _is_due(self) -> bool:
        """Return whether to print a report if stderr is not a terminal."""
        now = time.monotonic()
        is_first = self._told is None and self._table.has_new
        waited = now - (self._told or self._start)
        return waited >= _PERIOD or (is_first and waited >= _QUIET)

    def _state(self) -> str:
        now, left = time.monotonic(), self._left.seconds()
        told = ""
        if left is not None:  # running fits have progressed since the last update
            told = f", about {minutes(max(left - now + self._updated, 0.0))} left"
        spent = minutes(now - self._start)
        return f"{self._n_done} of {self._total} fits, {spent}{told}"

    def _put(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class _GrowingTable:
    """Lines with the mean scores of the models whose outer fits are all finished."""

    def __init__(self, plan: Plan, tasks: Sequence[TaskRow], width: int) -> None:
        jobs = [job for jobs in plan.todo for job in jobs]
        jobs += [fit.job for fits in plan.kept for fit in fits]
        self._waiting = {job.name: 0 for job in jobs if job.is_outer}
        for job in jobs:
            self._waiting[job.name] += job.is_outer
        self._scores: dict[str, list[np.ndarray]] = {name: [] for name in self._waiting}
        self._lines: list[str] = []
        self._names = max(len(_TITLE), *map(len, map(_short, self._waiting)))
        self._has_mean = len({(task.metric, task.unit) for task in tasks}) == 1
        self._columns = self._fitting([task.name for task in tasks], width)
        self._has_header = False
        for fits in plan.kept:
            self.add(fits)

    def add(self, fits: Sequence[Fit]) -> None:
        """Add a line for each model whose last outer fit is among the fits."""
        for fit in fits:
            if not fit.job.is_outer:
                continue
            name = fit.job.name
            self._scores[name].append(fit.scores)
            self._waiting[name] -= 1
            if not self._waiting[name]:
                self._lines.append(self._line(name))

    @property
    def has_new(self) -> bool:
        """Return whether there are lines that were not printed yet."""
        return bool(self._lines)

    def take(self) -> list[str]:
        """Return the lines that were not printed yet, the first time with a header."""
        lines, self._lines = self._lines, []
        if lines and not self._has_header:
            self._has_header = True
            names = [name.rjust(width) for name, width in self._columns]
            lines.insert(0, "  ".join([_TITLE.ljust(self._names), *names]))
        return lines

    def _line(self, name: str) -> str:
        scores = np.array(self._scores[name])  # (n_splits, n_tasks)
        means = mean_over_tasks(scores.T)  # over splits
        cells = [number(value) for value in means]
        if self._has_mean:
            counted = means[tasks_in_means(scores[None])]
            cells.insert(0, number(float(mean_over_tasks(counted))))
        texts = [
            cell.rjust(width)
            for cell, (_, width) in zip(cells, self._columns, strict=False)
        ]
        return "  ".join([_short(name).ljust(self._names), *texts])

    def _fitting(self, tasks: Sequence[str], width: int) -> list[tuple[str, int]]:
        """Return title and width of the columns that fit on the terminal."""
        titles = [MEAN] * self._has_mean + [
            shorten(name, _TASK_WIDTH) for name in tasks
        ]
        widths = [max(len(title), _NUMBER_WIDTH) for title in titles]
        used = self._names + np.cumsum(np.add(widths, _GAP))
        n_columns = max(int((used <= width).sum()), 1)
        return list(zip(titles[:n_columns], widths, strict=False))


def _short(name: str) -> str:
    return shorten(name, _NAME_WIDTH)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _MAX_WIDTH)


def minutes(seconds: float) -> str:
    """Return a time such as "1:05", or "2:01:05" with hours."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
