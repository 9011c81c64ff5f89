"""Memory of a GPU, and copies to it that do not wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor

__all__ = ["RESIDENT", "copy_to", "fits", "prefetch"]

#: Largest fraction of a GPU's free memory that the inputs of all samples may take. The
#: rest is for activations, gradients and the state of the optimiser.
RESIDENT = 0.5

Tensors = TypeVar("Tensors", bound=tuple[Any, ...])


def free_memory(device: torch.device) -> float:
    """Return the free memory of a GPU in bytes; infinity for another device."""
    if device.type != "cuda":
        return float("inf")
    return float(torch.cuda.mem_get_info(device)[0])


def fits(n_bytes: float, device: torch.device) -> bool:
    """Return whether inputs of this size are kept on the device during training."""
    return n_bytes <= RESIDENT * free_memory(device)


def copy_to(values: Tensor, device: torch.device) -> Tensor:
    """Copy a batch from the CPU; the host does not wait for a GPU."""
    if device.type == "cuda":
        values = values.pin_memory()
    return values.to(device, non_blocking=True)


def prefetch(batches: Iterator[Tensors], device: torch.device) -> Iterator[Tensors]:
    """Copy each batch to a GPU while it computes with the previous one."""
    if device.type != "cuda":
        yield from batches
        return
    main: Any = torch.cuda.current_stream(device)
    copies: Any = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    copies.wait_stream(main)
    while True:
        with torch.cuda.stream(copies):
            batch = next(batches, None)
        if batch is None:
            return
        main.wait_stream(copies)
        for tensor in _tensors(batch):
            # so that its memory is not used again before the step has read it
            tensor.record_stream(main)
        # the step only starts its kernels, so the next copy overlaps with them
        yield batch


def _tensors(batch: tuple[Any, ...]) -> Iterator[Tensor]:
    for part in batch:
        if isinstance(part, Tensor):
            yield part
        else:
            yield from _tensors(part)
