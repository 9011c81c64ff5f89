"""Choice and check of the device of a net."""

from __future__ import annotations

import torch

__all__ = ["resolve_device"]


def resolve_device(device: str, who: str) -> str:
    """Return the name of an available device; "auto" prefers a CUDA GPU to the CPU.

    Raises
    ------
    ValueError
        If the device is not available, or cannot hold float64 values.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        # float64 for small data and statistics; "meta" holds no values to copy
        torch.empty(1, device=device, dtype=torch.float64).cpu()
    except (AssertionError, NotImplementedError, RuntimeError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"{who}: device={device!r} is not available ({reason}).{_advice(device)}"
        ) from error
    return device


def _advice(device: str) -> str:
    """Return a sentence on what to do about an unavailable device."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        return (
            " torch.cuda.is_available() is False: install a CUDA build of PyTorch on a "
            "machine with a GPU, or use device='cpu'."
        )
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return f" Allowed are {['auto', 'cpu', *gpus]}."
