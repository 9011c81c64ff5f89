"""What a fit costs: seconds, the size of the model, memory."""

from __future__ import annotations

import ctypes
import os
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["NO_COSTS", "Costs", "MemoryWatch", "pickled_size", "watch_memory"]

_STATM = Path("/proc/self/statm")
_PERIOD = 0.005


@dataclass(frozen=True)
class Costs:
    """Costs of one fit; NaN where one is not known.

    Attributes
    ----------
    fit_seconds, predict_seconds : float
        Wall-clock time of the fit and of the predictions of the test part.
    model_bytes : float
        Size of the fitted model when pickled.
    peak_bytes : float
        By how much the resident memory of the process grew at most during the fit.
    """

    fit_seconds: float = np.nan
    predict_seconds: float = np.nan
    model_bytes: float = np.nan
    peak_bytes: float = np.nan


NO_COSTS = Costs()


class _Counter:
    """A file that only counts."""

    def __init__(self) -> None:
        self.n_bytes = 0

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.n_bytes += size
        return size


def pickled_size(model: Any) -> float:
    """Return the number of bytes of a pickled model; NaN if it cannot be pickled."""
    counter = _Counter()
    try:
        pickle.dump(model, counter, protocol=5)
    except Exception:  # classes decide what they raise; a size is no reason to fail
        return np.nan
    return float(counter.n_bytes)


@dataclass
class MemoryWatch:
    """Looks at the memory of the process until it is told to stop.

    Attributes
    ----------
    growth : float
        The highest resident size seen, minus that at the start; NaN if unknown.
    """

    growth: float = np.nan


@contextmanager
def watch_memory() -> Iterator[MemoryWatch]:
    """Measure by how much the resident memory grows at most inside a block.

    A thread looks every 5 ms, so the allocations of C++ libraries count too, which
    `tracemalloc` does not see. Freed memory is given back first, for a fit that can use
    what the last one left would seem to need none; only GNU's C library can do that. In
    a thread beside others the growth would be theirs as well, so it is NaN there, and
    on systems without /proc.
    """
    watch = MemoryWatch()
    alone = threading.current_thread() is threading.main_thread()
    if not alone or not _STATM.exists():
        yield watch
        return
    _give_back()
    stop, seen = threading.Event(), [_resident()]
    watcher = threading.Thread(target=_look, args=(stop, seen), daemon=True)
    watcher.start()
    try:
        yield watch
    finally:
        stop.set()
        watcher.join()
        watch.growth = float(max(seen[-1], _resident()) - seen[0])


def _give_back() -> None:
    """Give freed memory back to the system, where the C library knows how."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _look(stop: threading.Event, seen: list[int]) -> None:
    highest = seen[0]
    while not stop.wait(_PERIOD):
        highest = max(highest, _resident())
    seen.append(highest)


def _resident() -> int:
    """Return the resident memory of this process in bytes."""
    pages = _STATM.read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
