"""Give the parts of a net what they need in one call of fit: generators above all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Generator

from sklearn_mtl.modules import use_generators
from sklearn_mtl.neural_network.data._batches import LabelledRows
from sklearn_mtl.neural_network.objective._regularizer import Regularizer
from sklearn_mtl.neural_network.objective._relation import make_regularizer
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.utils._random import spawn_seeds

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = ["draw_generators", "equip", "order_generators", "take_back"]

_CALLS = 2  # the first stream of random numbers of a call
_BALANCING = 2**31  # the calls from here on are those of balancing
_SCHEDULE = 3 * 2**30  # and from here on those of the schedule of tasks


def draw_generators(
    seed: int, n_members: int, stream: int, device: str = "cpu"
) -> list[Generator]:
    """Return a generator for each member, of one stream of random numbers."""
    seeds = spawn_seeds(seed, n_members, stream)
    return [Generator(device=device).manual_seed(s) for s in seeds]


def order_generators(state: NetState) -> list[Generator]:
    """Return what draws the order of the rows in the next call."""
    return draw_generators(state.seed, state.n_members, _CALLS + 2 * state.n_calls)


def equip(
    model: BaseMultiTaskNet, state: NetState, data: LabelledRows
) -> tuple[Regularizer | None, list[Generator]]:
    """Equip a net for the next call; return its regularizer and new generators."""
    net, encoder = state.net, state.encoder
    stream = _CALLS + 2 * state.n_calls
    state.n_calls += 1
    dropout = draw_generators(state.seed, state.n_members, stream + 1, model.device)
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
        # a stream of its own: another schedule draws the same batches and dropout
        stream = _SCHEDULE + state.n_calls
        net.turns.generators = draw_generators(state.seed, state.n_members, stream)
        generators += net.turns.generators
    if net.balance is not None:
        net.balance.regularizer = regularizer
        net.balance.start(data.weights, data.factor)
        stream = _BALANCING + state.n_calls
        net.balance.generators = draw_generators(
            state.seed, state.n_members, stream, model.device
        )
        generators += net.balance.generators
    return regularizer, generators


def take_back(net: MultiTaskNet) -> None:
    """Take the generators away, which cannot be pickled."""
    use_generators(net.module_, None)
    net.module_.end()
    if net.balance is not None:
        net.balance.end()
    if net.turns is not None:
        net.turns.generators = ()
