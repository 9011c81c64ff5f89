"""Let code that knows only PyTorch's global generator draw from a private one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor

__all__ = ["drawing_from"]


class _GlobalGenerators:
    """The caller's state of a global generator while another state stands in for it."""

    # One thread at a time: another would put back a state that is not the caller's.

    def __init__(self) -> None:
        self.lock = threading.RLock()
        # A stack, and the lock is re-entrant: blocks of one thread may be nested.
        self.kept: list[tuple[Generator, Tensor]] = []

    @contextmanager
    def lend(self, default: Generator, private: Generator) -> Iterator[None]:
        """Let the default generator go on where the private one is, and back."""
        with self.lock:
            self.kept.append((default, default.get_state()))
            default.set_state(private.get_state())
            try:
                yield
            finally:
                private.set_state(default.get_state())
                default.set_state(self.kept.pop()[1])

    def forget(self) -> None:
        """Give a forked child the caller's state: the drawing thread is not there."""
        self.lock = threading.RLock()
        while self.kept:
            default, state = self.kept.pop()
            default.set_state(state)


_generators = _GlobalGenerators()
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_generators.forget)


@contextmanager
def drawing_from(generator: Generator) -> Iterator[None]:
    """Let PyTorch's global generator draw what a private one would in a block."""
    device = generator.device
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        default = torch.cuda.default_generators[index]
    else:
        default = torch.default_generator
    with _generators.lend(default, generator):
        yield
