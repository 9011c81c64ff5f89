"""Use the default settings of torch in a block, and restore the caller's settings."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

__all__ = ["usual_torch"]


class _ProcessState:
    """Thread count and default dtype, which torch stores once per process."""

    # Every thread copies the count when it first computes. The caller's values are
    # therefore those that the first of several overlapping blocks finds. Each block
    # restores the count in its thread, and the last block restores the dtype.

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n_active = 0
        self.n_threads = 1
        self.dtype = torch.float32

    @contextmanager
    def hold(self, n_threads: int | None) -> Iterator[None]:
        """Set n_threads, unless it is None, and the default dtype float32."""
        with self.lock:
            # later blocks would find the values that the first block has set
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
                if pid == os.getpid():  # not in a child forked inside the block
                    self.n_active -= 1
                if n_threads is not None:
                    torch.set_num_threads(self.n_threads)
                if self.n_active == 0:
                    torch.set_default_dtype(self.dtype)

    def forget(self) -> None:
        """Restore the caller's values in a forked child, where no block is active.

        The lock is replaced, because it may have been held during the fork.
        """
        self.lock = threading.Lock()
        if self.n_active:
            self.n_active = 0
            torch.set_num_threads(self.n_threads)
            torch.set_default_dtype(self.dtype)


_process = _ProcessState()
if hasattr(os, "register_at_fork"):  # not available on Windows
    os.register_at_fork(after_in_child=_process.forget)


@contextmanager
def usual_torch(n_threads: int | None) -> Iterator[None]:
    """Use n_threads and the default settings of torch inside the block.

    Gradients are enabled; autocast, inference mode and anomaly detection are disabled;
    new tensors are float32 on the CPU. The caller may have changed these settings.
    """
    with ExitStack() as switches:
        switches.enter_context(_process.hold(n_threads))
        if torch.is_inference_mode_enabled():
            switches.enter_context(torch.inference_mode(False))
        switches.enter_context(torch.enable_grad())
        if torch.is_anomaly_enabled():  # its checks fail in torch.func.vmap
            switches.enter_context(torch.autograd.set_detect_anomaly(False))
        # only if needed, because the context slows down every call of torch
        if torch.get_default_device().type != "cpu":
            switches.enter_context(torch.device("cpu"))
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                switches.enter_context(torch.autocast(device, enabled=False))
        yield
