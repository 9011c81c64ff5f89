"""Compute under torch's usual switches, and leave the caller's as they were."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

__all__ = ["usual_torch"]


class _ProcessState:
    """What torch keeps once for the process: thread count and default dtype."""

    # Threads copy the count when they first compute, and then have one each. So the
    # caller's values are what the first of overlapping blocks found; each block puts
    # the count back in its own thread, and the last one the dtype.

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n_active = 0
        self.n_threads = 1
        self.dtype = torch.float32

    @contextmanager
    def hold(self, n_threads: int | None) -> Iterator[None]:
        """Use n_threads (None: as it is) and float32 by default in the block."""
        with self.lock:
            # Only the first block sees the caller's values; later ones see ours.
            if self.n_active == 0:
                self.n_threads = torch.get_num_threads()
                self.dtype = torch.get_default_dtype()
            self.n_active += 1
            if n_threads is not None:
                torch.set_num_threads(n_threads)
            if torch.get_default_dtype() != torch.float32:
                torch.set_default_dtype(torch.float32)
        pid = os.getpid()
        try:
            yield
        finally:
            with self.lock:
                if pid == os.getpid():  # not in a child that was forked in the block
                    self.n_active -= 1
                if n_threads is not None:
                    torch.set_num_threads(self.n_threads)
                if self.n_active == 0:
                    torch.set_default_dtype(self.dtype)

    def forget(self) -> None:
        """Give a forked child the caller's values: the fitting threads are not there.

        The lock may have been held in the moment of the fork.
        """
        self.lock = threading.Lock()
        if self.n_active:
            self.n_active = 0
            torch.set_num_threads(self.n_threads)
            torch.set_default_dtype(self.dtype)


_process = _ProcessState()
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_process.forget)


@contextmanager
def usual_torch(n_threads: int | None) -> Iterator[None]:
    """Use n_threads in torch while the block runs, and its usual switches.

    Gradients are on, automatic casts, inference mode and anomaly detection off, and new
    tensors are float32 on the CPU, whatever a notebook or a training script around has
    set.
    """
    with ExitStack() as switches:
        switches.enter_context(_process.hold(n_threads))
        if torch.is_inference_mode_enabled():
            switches.enter_context(torch.inference_mode(False))
        switches.enter_context(torch.enable_grad())
        if torch.is_anomaly_enabled():  # its checks fail in torch.func.vmap
            switches.enter_context(torch.autograd.set_detect_anomaly(False))
        # costs time in every call of torch, so only where it is needed
        if torch.get_default_device().type != "cpu":
            switches.enter_context(torch.device("cpu"))
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                switches.enter_context(torch.autocast(device, enabled=False))
        yield
