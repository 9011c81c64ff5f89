"""Use a private generator in code that uses the global generator of PyTorch."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor

__all__ = ["drawing_from"]


class _GlobalGenerators:
    """Saved states of global generators while they have a temporary state."""

    # The lock admits one thread at a time. Otherwise, another thread could restore a
    # state that is not the caller's.

    def __init__(self) -> None:
        self.lock = threading.RLock()
        # a stack and a re-entrant lock, because blocks of one thread can be nested
        self.kept: list[tuple[Generator, Tensor]] = []

    @contextmanager
    def lend(self, default: Generator, private: Generator) -> Iterator[None]:
        """Copy the private state to the default generator, and back after the block."""
        with self.lock:
            self.kept.append((default, default.get_state()))
            default.set_state(private.get_state())
            try:
                yield
            finally:
                private.set_state(default.get_state())
                default.set_state(self.kept.pop()[1])

    def forget(self) -> None:
        """Restore the caller's states in a forked child, where no block is active."""
        self.lock = threading.RLock()
        while self.kept:
            default, state = self.kept.pop()
            default.set_state(state)


_generators = _GlobalGenerators()
if hasattr(os, "register_at_fork"):  # not available on Windows
    os.register_at_fork(after_in_child=_generators.forget)


@contextmanager
def drawing_from(generator: Generator) -> Iterator[None]:
    """Let the global generator of PyTorch draw from a private one inside the block."""
    device = generator.device
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        default = torch.cuda.default_generators[index]
    else:
        default = torch.default_generator
    with _generators.lend(default, generator):
        yield
