"""Processes that train one net together, by Hugging Face Accelerate."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import torch
from joblib.parallel import get_active_backend
from torch import Tensor, nn
from torch.nn.functional import pad

from sklearn_mtl.modules import TaskTrunk
from sklearn_mtl.neural_network.training._device import resolve_device

__all__ = ["Ranks", "check_trunk", "open_ranks"]


class Ranks:
    """The processes of a data-parallel training.

    Every process has all samples and draws the same random numbers for the order of the
    samples. Of each batch, it computes a part of the rows. All processes then make the
    same step, with the mean of their gradients.

    torch's DistributedDataParallel is not used, because it reduces the gradients of one
    backward pass by autograd. Gradient balancing makes several backward passes, and
    computes the gradients of the heads in closed form.

    Parameters
    ----------
    number : int
        Index of this process.
    n_ranks : int
        Number of processes.

    Attributes
    ----------
    padding : float
        Number of rows of the current batch with padding, relative to that without.
    """

    padding = 1.0

    def __init__(self, number: int, n_ranks: int) -> None:
        self.number, self.n_ranks = number, n_ranks

    def padded(self, index: Tensor) -> Tensor:
        """Pad sample indices (n_members, n) with -1 to a multiple of n_ranks."""
        n_rows = index.shape[1]
        index = pad(index, (0, -n_rows % self.n_ranks), value=-1)
        self.padding = index.shape[1] / n_rows
        return index

    def own(self, rows: Tensor) -> Tensor:
        """Return the part (n_members, n / n_ranks) of this process."""
        return rows[:, self.number :: self.n_ranks]

    def mean(self, tensor: Tensor) -> Tensor:
        """Return the mean over all processes."""
        from accelerate.utils import reduce

        found: Tensor = reduce(tensor, reduction="mean")
        return found

    def is_any(self, flag: bool) -> bool:
        """Return whether the flag is True in any process."""
        return any(self._gather(flag))

    def mean_step(self, parameters: Iterable[nn.Parameter], values: Tensor) -> Tensor:
        """Set all gradients to their mean; return the mean of some other values.

        A gradient stays None only if it is None in all processes.
        """
        trained = [one for one in parameters if one.requires_grad]
        blocks = [
            torch.zeros_like(one) if one.grad is None else one.grad for one in trained
        ]
        is_set = values.new_tensor([one.grad is not None for one in trained])
        # one message, because a message takes about as long as a step of a small net
        message = [values.flatten(), is_set, *map(torch.flatten, blocks)]
        flat = self.mean(torch.cat([block.detach() for block in message]))
        sizes = [len(block) for block in message]
        first, is_set, *means = torch.split(flat, sizes)
        for one, mean, n_set in zip(trained, means, is_set, strict=True):
            if one.grad is not None or n_set > 0:
                one.grad = mean.view_as(one)
        return first.view_as(values)

    def of_main(self, value: Any) -> Any:
        """Return the value of the first process: a number or a tensor."""
        from accelerate.utils import broadcast, broadcast_object_list

        if isinstance(value, Tensor):
            return broadcast(value)
        return broadcast_object_list([value])[0]

    @torch.no_grad()
    def align(self, tensors: Iterable[Tensor]) -> None:
        """Copy the floating-point tensors of the first process to all others."""
        for tensor in tensors:
            if tensor.is_floating_point():
                tensor.copy_(self.of_main(tensor.detach()))

    def agree(self, seed: int, found: dict[str, Any], who: str) -> int:
        """Return the seed of the first process; raise an error if others differ.

        `found` contains digests of the data and values of parameters.
        """
        every = self._gather(found)
        for name in {name: None for one in every for name in one}:
            values = [one.get(name) for one in every]
            if any(value != values[0] for value in values):
                raise ValueError(
                    f"{who}: data_parallel=True requires the same data and parameters "
                    f"in all {self.n_ranks} processes; {name} differs: {values}. Every "
                    "process must call fit with all samples; the batches are divided "
                    "in fit."
                )
        return int(self.of_main(seed))

    def _gather(self, value: Any) -> list[Any]:
        from accelerate.utils import gather_object

        return list(gather_object([value]))


def open_ranks(model: Any) -> Ranks | None:
    """Return the processes started by a launcher; None if there is only this one.

    Raises
    ------
    ImportError
        If accelerate is not installed.
    ValueError
        If a parameter is not supported, the device is not that of the processes, the
        processes are not connected any more, or joblib runs several fits at once.
    """
    who = type(model).__name__
    _check_parameters(model, who)
    _check_not_parallel(who)
    try:
        from accelerate import PartialState
    except ImportError as error:
        raise ImportError(
            f"{who}: data_parallel=True requires accelerate. Install it with: pip "
            'install "sklearn-mtl[distributed]"'
        ) from error
    device = torch.device(resolve_device(model.device, who))
    state = PartialState(cpu=device.type == "cpu")
    if state.num_processes == 1:
        return None
    kind = state.distributed_type.value
    if kind not in ("MULTI_CPU", "MULTI_GPU"):
        raise ValueError(
            f"{who}: data_parallel=True supports processes of the kinds MULTI_CPU and "
            f"MULTI_GPU of accelerate; got {kind}."
        )
    if not torch.distributed.is_initialized():
        raise ValueError(
            f"{who}: data_parallel=True cannot train, because the connection of the "
            "processes was closed. Call destroy_process_group() after the last fit."
        )
    _check_device(device, state.device, who)
    return Ranks(state.process_index, state.num_processes)


def _check_not_parallel(who: str) -> None:
    """Refuse fits at the same time: messages of different nets would be mixed."""
    is_launched = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if is_launched and get_active_backend()[0].nesting_level:
        raise ValueError(
            f"{who}: data_parallel=True does not support fits that joblib runs at the "
            "same time. Leave n_jobs at None in searches and other tools."
        )


def _check_device(wanted: torch.device, given: torch.device, who: str) -> None:
    """Refuse the device of another process."""
    is_same = wanted.index is None or wanted.index == given.index
    if wanted.type != given.type or not is_same:
        raise ValueError(
            f"{who}: device={str(wanted)!r} differs from the device {str(given)!r} "
            "that accelerate has assigned to this process. Set "
            f"device={given.type!r}."
        )


def _check_parameters(model: Any, who: str) -> None:
    """Refuse what is not exact by batches in parts, or cannot be shared."""
    is_matrix = not (
        model.task_relation is None or isinstance(model.task_relation, str)
    )
    on_outputs = {"outputs", "auto"} if is_matrix else {"outputs"}
    is_on_outputs = model.task_relation is not None and model.relation_on in on_outputs
    refused = {
        "checkpoint": (model.checkpoint is not None, "None"),
        "monitor": (model.monitor is not None, "None"),
        "relation_on": (is_on_outputs, "'heads'"),
    }
    for name, (is_refused, allowed) in refused.items():
        if is_refused:
            raise ValueError(
                f"{who}: data_parallel=True does not support {name}="
                f"{getattr(model, name)!r}; allowed is {allowed}."
            )


def check_trunk(trunk: nn.Module, who: str) -> None:
    """Refuse a trunk with a penalty, because penalties are not sums over samples."""
    if not isinstance(trunk, TaskTrunk) or type(trunk).penalty is TaskTrunk.penalty:
        return
    if getattr(trunk, "orthogonality", None) == 0:
        return
    raise ValueError(
        f"{who}: data_parallel=True does not support the penalty of the trunk "
        f"{type(trunk).__name__}; allowed are trunks without a penalty, such as "
        "SharedPrivate(orthogonality=0)."
    )
