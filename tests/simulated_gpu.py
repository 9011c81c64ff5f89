"""A device that computes on the CPU, but refuses what a GPU refuses.

Tensors on it hold real values. Code therefore gives the same numbers as on the CPU,
unless it mixes devices, which raises an error like with a real GPU. Everything for
which the host would have to wait for a GPU is recorded.

PyTorch knows the device as "meta", the only one apart from the CPU that exists in every
build. A real meta tensor has no values, so code that creates one outside this device
fails.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from torch.optim import optimizer
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import (
    TorchDispatchMode,
    return_and_correct_aliasing,
)
from torch.utils._pytree import tree_leaves, tree_map

from sklearn_mtl.neural_network.training import _equip as equip

NAME = "meta"
_aten = torch.ops.aten
#: Operations whose result has a size or a value that the host must know.
_ALWAYS_WAIT = {
    _aten._local_scalar_dense,
    _aten._unique2,
    _aten.bincount,
    _aten.equal,
    _aten.is_nonzero,
    _aten.masked_select,
    _aten.nonzero,
    _aten.repeat_interleave,
    _aten.unique_consecutive,
    _aten.unique_dim,
}
_INDEXING = {_aten.index, _aten.index_put, _aten.index_put_}
_COPIES = {_aten._to_copy, _aten.copy_}


class OnDevice(torch.Tensor):
    """A tensor on the simulated device, with its values in a tensor on the CPU."""

    values: torch.Tensor

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> OnDevice:
        made: OnDevice = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            values.shape,
            strides=values.stride(),
            storage_offset=values.storage_offset(),
            dtype=values.dtype,
            device=NAME,
        )
        made.values = values
        return made

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _run(func, args, kwargs or {}, None)


class SimulatedGPU(TorchDispatchMode):
    """Run operations on the simulated device, and record those that wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[str] = Counter()
        self.is_recording = False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _run(func, args, kwargs or {}, self)

    def wait(self, func: Any) -> None:
        """Record an operation with the line of the package that called it."""
        if not self.is_recording:
            return
        frames = [f for f in traceback.extract_stack() if "/sklearn_mtl/" in f.filename]
        where = "outside"
        if frames:
            name = frames[-1].filename.rpartition("/sklearn_mtl/")[2]
            where = f"{name} {frames[-1].name}"
        self.waits[f"{where}: {func}"] += 1

    def start(self) -> None:
        """Start or continue the record."""
        self.is_recording = True

    def stop(self) -> None:
        """Pause the record."""
        self.is_recording = False


class _Constructors(TorchFunctionMode):
    """Make tensors of values that come from Python or NumPy.

    PyTorch copies these values to the device where no dispatch mode sees it.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.tensor, torch.as_tensor) and _is_here(kwargs.get("device")):
            device = kwargs.pop("device")
            return func(*args, **kwargs).to(device)
        if func is torch.Tensor.new_tensor and isinstance(args[0], OnDevice):
            kwargs.setdefault("dtype", args[0].dtype)
            return torch.tensor(args[1], **kwargs).to(NAME)
        reads = func in (torch.Tensor.tolist, torch.Tensor.numpy)
        if reads and isinstance(args[0], OnDevice):
            return func(args[0].detach().cpu(), *args[1:], **kwargs)
        return func(*args, **kwargs)


@contextmanager
def simulated_gpu() -> Iterator[SimulatedGPU]:
    """Provide the device inside the block."""
    gpu = SimulatedGPU()
    with ExitStack() as patches:
        for target, name, new in (
            (equip, "Generator", _generator),
            # tensors of inference mode do not support subclasses
            (torch.inference_mode, "__enter__", _enter_no_grad),
            (torch.inference_mode, "__exit__", _exit_no_grad),
            (optimizer, "_get_fused_kernels_supported_devices", lambda: ["cpu", NAME]),
        ):
            patches.enter_context(mock.patch.object(target, name, new))
        patches.enter_context(gpu)
        patches.enter_context(_Constructors())
        yield gpu


def _generator(device: Any = None) -> torch.Generator:
    """Return a generator of the CPU, which draws the same numbers as on the CPU."""
    return torch.Generator()


def _enter_no_grad(mode: Any) -> None:
    mode.simulated = torch.no_grad()
    mode.simulated.__enter__()


def _exit_no_grad(mode: Any, *error: Any) -> None:
    mode.simulated.__exit__(*error)


def _is_here(device: Any) -> bool:
    return device is not None and torch.device(device).type == NAME


def _run(func: Any, args: Any, kwargs: Any, gpu: SimulatedGPU | None) -> Any:
    packet = func.overloadpacket
    tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
    ours = [isinstance(t, OnDevice) for t in tensors]
    if any(t.is_meta and not our for t, our in zip(tensors, ours, strict=True)):
        raise RuntimeError(f"{func}: a tensor without values")
    is_on = any(ours)
    if "device" in kwargs and kwargs["device"] is not None:
        is_on = _is_here(kwargs["device"])
        kwargs = {**kwargs, "device": torch.device("cpu")}
    if packet in _COPIES:
        target = tensors[0] if packet is _aten.copy_ else None
        is_on = isinstance(target, OnDevice) if target is not None else is_on
        is_crossing = any(our != is_on for our in ours)
        # without pinned memory, a copy to the host waits also if it does not block
        blocks = not _does_not_block(packet, args, kwargs) or not is_on
        if is_crossing and blocks and gpu is not None:
            gpu.wait(func)
    elif is_on:
        _check_devices(func, tensors, args)
    if gpu is not None and any(ours) and _waits(packet, args, kwargs):
        gpu.wait(func)
    plain_args, plain_kwargs = tree_map(_values, (args, kwargs))
    out = func(*plain_args, **plain_kwargs)
    if not is_on:
        return args[0] if packet is _aten.copy_ else out
    wrapped = tree_map(_wrap, out)
    if packet in _COPIES and packet is not _aten.copy_:
        return wrapped
    if packet is _aten.copy_ or (all(ours) and "device" not in kwargs):
        return return_and_correct_aliasing(func, args, kwargs, wrapped)
    return wrapped


def _values(thing: Any) -> Any:
    return thing.values if isinstance(thing, OnDevice) else thing


def _wrap(thing: Any) -> Any:
    return OnDevice(thing) if isinstance(thing, torch.Tensor) else thing


def _does_not_block(packet: Any, args: Any, kwargs: Any) -> bool:
    if packet is _aten.copy_:
        return bool(args[2]) if len(args) > 2 else bool(kwargs.get("non_blocking"))
    return bool(kwargs.get("non_blocking"))


def _check_devices(func: Any, tensors: list[torch.Tensor], args: Any) -> None:
    """Refuse operations on several devices; numbers on the CPU are allowed."""
    index = []  # may be on the CPU
    if func.overloadpacket in _INDEXING:
        index = [i for i in args[1] if i is not None]
    for tensor in tensors:
        if any(tensor is one for one in index):
            continue
        if not isinstance(tensor, OnDevice) and tensor.ndim:
            raise RuntimeError(
                f"{func}: all tensors must be on the same device, but one of shape "
                f"{tuple(tensor.shape)} is on the CPU"
            )


def _waits(packet: Any, args: Any, kwargs: Any) -> bool:
    if packet is _aten.repeat_interleave:
        return kwargs.get("output_size") is None
    if packet in _INDEXING:
        index = [i for i in args[1] if i is not None]
        # an index on the CPU is copied first
        is_mask = any(i.dtype in (torch.bool, torch.uint8) for i in index)
        return is_mask or not all(isinstance(i, OnDevice) for i in index)
    return packet in _ALWAYS_WAIT
