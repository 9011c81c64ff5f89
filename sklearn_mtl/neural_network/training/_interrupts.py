"""Tell the user's Ctrl-C from a callback that stops training."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["watch_interrupts"]


@contextmanager
def watch_interrupts() -> Iterator[list[int]]:
    """Yield a list to which every interrupting signal is added while the block runs.

    skorch's callbacks stop by raising KeyboardInterrupt, just as Python does at Ctrl-C.
    Only the signal tells the two apart. Python hands signals to the main thread alone.
    A handler that does not raise, such as one that lets a callback stop at the end of
    the epoch, is no interrupt.
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
