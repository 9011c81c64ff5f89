"""Leave no worker processes behind when the process is asked to terminate."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["workers_end_with_us"]


@contextmanager
def workers_end_with_us() -> Iterator[None]:
    """Turn SIGTERM into SystemExit while workers run, so that joblib ends them.

    By default SIGTERM kills the process at once, and loky's workers compute on. A
    handler of the caller's stays in place; so does everything in other threads, to
    which Python hands no signals.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends it at once
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
