"""Set up generators and regulariser of a net for one call, and check its batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Generator, nn
from torch.amp.grad_scaler import GradScaler

from sklearn_mtl.modules import needs_two_rows, use_generators
from sklearn_mtl.neural_network.data._batches import BatchIterator, LabelledRows
from sklearn_mtl.neural_network.data._ranks import Ranks
from sklearn_mtl.neural_network.objective._regularizer import Regularizer
from sklearn_mtl.neural_network.objective._relation import make_regularizer
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.utils._random import spawn_seeds

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = [
    "check_batches",
    "draw_generators",
    "equip",
    "make_scaler",
    "order_generators",
    "take_back",
]

# Every purpose has separate streams of random numbers. Their numbers start at:
_CALLS = 2  # batches and dropout
_BALANCING = 2**31  # balancing
_SCHEDULE = 3 * 2**30  # task schedule


def draw_generators(
    seed: int, n_members: int, stream: int, device: str = "cpu"
) -> list[Generator]:
    """Return one generator per member for a stream of random numbers."""
    seeds = spawn_seeds(seed, n_members, stream)
    return [Generator(device=device).manual_seed(s) for s in seeds]


def order_generators(state: NetState) -> list[Generator]:
    """Return the generators for the order of the samples in the next call."""
    return draw_generators(state.seed, state.n_members, _CALLS + 2 * state.n_calls)


def equip(
    model: BaseMultiTaskNet, state: NetState, data: LabelledRows, ranks: Ranks | None
) -> tuple[Regularizer | None, list[Generator]]:
    """Set up a net for the next call; return its regulariser and generators."""
    net, encoder = state.net, state.encoder
    stream = _CALLS + 2 * state.n_calls
    state.n_calls += 1
    n_members, number = state.n_members, 0 if ranks is None else ranks.number
    # every process drops other units
    n_seeds = (number + 1) * n_members
    dropout = draw_generators(state.seed, n_seeds, stream + 1, net.device)
    dropout = dropout[-n_members:]
    use_generators(net.module_, dropout)
    net.module_.start(data.weights, data.factor)
    regularizer = make_regularizer(
        model,
        encoder.task_set,
        encoder.layout,
        data.factor,
        is_begun=state.n_calls > 1,
    )
    generators = [*dropout]
    if net.turns is not None:
        # tags can be missing in texts that have other tags
        is_complete = not encoder.layout.tokens and (data.weights > 0).all()
        net.turns.is_complete = bool(is_complete)
        # a separate stream, so that the schedule does not affect batches and dropout
        net.turns.order.ranks = ranks
        stream = _SCHEDULE + state.n_calls
        net.turns.generators = draw_generators(state.seed, state.n_members, stream)
        generators += net.turns.generators
    if net.balance is not None:
        net.balance.regularizer = regularizer
        net.balance.order.ranks = ranks
        net.balance.start(data.weights, data.factor)
        stream = _BALANCING + state.n_calls
        # on the CPU, so that a GPU gives the same numbers
        net.balance.generators = draw_generators(state.seed, state.n_members, stream)
        generators += net.balance.generators
    return regularizer, generators


def check_batches(module: nn.Module, batches: BatchIterator, who: str) -> None:
    """Refuse batches of one sample, for which batch normalisation gives zeros."""
    if batches.least_rows < 2 and needs_two_rows(module):
        raise ValueError(
            f"{who}: got a batch of one sample, but batch normalisation requires at "
            "least two samples in each batch (of each process). Increase batch_size, "
            "pass more samples, or use another normalization."
        )


def make_scaler(net: MultiTaskNet) -> GradScaler | None:
    """Return the scaler of the gradients, or None if the trunk is not in float16."""
    if net.module_.trunk_dtype is not torch.float16:
        return None
    scaler = GradScaler(torch.device(net.device).type)
    if net.scaler_state_ is not None:  # a factor that earlier calls have found
        scaler.load_state_dict(net.scaler_state_)
    return scaler


def take_back(net: MultiTaskNet) -> None:
    """Remove the generators, because they cannot be pickled."""
    use_generators(net.module_, None)
    net.module_.end()
    if net.balance is not None:
        net.balance.end()
        net.balance.order.ranks = None
    if net.turns is not None:
        net.turns.generators, net.turns.order.ranks = (), None
