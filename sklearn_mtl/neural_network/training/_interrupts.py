"""Distinguish Ctrl-C from a callback that stops training."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["watch_interrupts"]


@contextmanager
def watch_interrupts() -> Iterator[list[int]]:
    """Yield a list to which every interrupt signal inside the block is appended.

    Callbacks of skorch stop training by raising KeyboardInterrupt, and Python raises
    the same exception on Ctrl-C. The signal distinguishes the two. Python delivers
    signals to the main thread only. A signal whose handler does not raise
    KeyboardInterrupt is not appended; such a handler may, for example, tell a callback
    to stop training after the epoch.
    """
    arrived: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not callable(handler):  # ignored, or not set from Python
        yield arrived
        return

    def note(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except KeyboardInterrupt:
            arrived.append(number)
            raise

    signal.signal(signal.SIGINT, note)
    try:
        yield arrived
    finally:
        signal.signal(signal.SIGINT, handler)
