"""Run small nets on a few threads, and leave the caller's thread count alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["limit_threads"]

_lock = threading.Lock()
_active = 0
_callers_count = 1


@contextmanager
def limit_threads(n_threads: int | None) -> Iterator[None]:
    """Use n_threads in torch while the block runs.

    torch keeps one count for the process, which threads copy when they first compute,
    and one for each thread. So the caller's count is what the first of overlapping
    blocks found, and each block puts that back in its own thread.

    Parameters
    ----------
    n_threads : int or None
        Number of threads; None leaves torch as it is.
    """
    global _active, _callers_count
    if n_threads is None:
        yield
        return
    with _lock:
        if _active == 0:
            _callers_count = torch.get_num_threads()
        _active += 1
        torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        with _lock:
            _active -= 1
            torch.set_num_threads(_callers_count)
