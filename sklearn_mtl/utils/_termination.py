"""Termination of worker processes together with the main process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["workers_end_with_us"]


@contextmanager
def workers_end_with_us() -> Iterator[None]:
    """Convert SIGTERM to SystemExit while workers run, so that joblib terminates them.

    By default, SIGTERM kills the process immediately, and the workers of loky continue
    to run. A handler of the caller is not replaced. In other threads nothing changes,
    because Python only handles signals in the main thread.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second signal kills at once
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
