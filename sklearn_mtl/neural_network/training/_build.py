"""Put trunk and heads together, and make the skorch net around them."""

from __future__ import annotations

import copy
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from skorch.callbacks import BatchScoring, Checkpoint, EpochScoring
from torch import Generator, Tensor, nn

from sklearn_mtl.losses import FusedLoss, OutputLayout
from sklearn_mtl.modules import (
    MLP,
    HeadBlock,
    HeadSpec,
    MemberLinear,
    MultiTaskModule,
    PackedScale,
    SparseTrunk,
    TagChain,
    TaskHeads,
    TaskTrunk,
    build_trunk,
    check_parts,
    check_tail,
    draw_parameters,
    give_tokens,
)
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.training._history import ProgressBar
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.utils._check_spec import Faults, refusing

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = [
    "OPTIMIZERS",
    "build_module",
    "build_net",
    "head_blocks",
    "output_blocks",
    "renew_callbacks",
]

_LEAST_RANK, _MOST_RANK = 32, 128

OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}


def build_module(
    trunk: Any,
    inputs: nn.Module,
    encoder: TargetEncoder,
    sample: Tensor,
    generators: list[Generator],
    head: HeadSpec,
    who: str,
) -> MultiTaskModule:
    """Build the trunk, look at what it gives, and put fused heads on it.

    Shapes: sample (1, n_rows, ...).
    """
    n_members = len(generators)
    with torch.no_grad():
        sample = sample.expand(n_members, *sample.shape[1:])
        sample = copy.deepcopy(inputs).float()(sample)
        n_features = sample.shape[2] if sample.ndim > 2 else 0
        n_tasks = encoder.layout.n_trained
        if isinstance(inputs, PackedScale):
            n_features = inputs.n_columns
            if isinstance(trunk, MLP):
                trunk = SparseTrunk(trunk, _rank(encoder.layout.n_outputs))
        shared = build_trunk(trunk, n_features, generators, n_tasks, who).float()
        # Evaluation mode, so that the sample leaves no trace in running statistics.
        shared.eval()
        give_tokens(shared, False)
        hidden = _try(shared, sample, who)
        shared.train()
    maps = head.maps(head_blocks(encoder.layout))
    heads = _heads(shared, hidden, sample, maps, who)
    heads.draw(generators)
    give_tokens(shared, bool(encoder.layout.tokens))
    blocks = output_blocks(encoder.layout)
    tail = head.build(n_members, blocks)
    with refusing(who), torch.no_grad():
        check_tail(tail, n_members, maps, blocks, Faults(head))
        if isinstance(shared, TaskTrunk):
            shape = n_members, sample.shape[1]
            check_parts(shared, hidden, shape, n_tasks, Faults(shared))
    own_bias = None
    if tail is not None:
        draw_parameters(tail, generators)
        own_bias = tail.output_bias
    # The biases start at the priors: an untrained net predicts the class frequencies.
    with torch.no_grad():
        bias = torch.as_tensor(encoder.bias_, dtype=torch.float32)
        start = heads.bias if own_bias is None else own_bias
        start.copy_(bias[:, None].expand_as(start))
    layout, chain = encoder.layout, None
    if layout.tokens and getattr(trunk, "crf", True):
        columns = {place: layout.columns(place) for place in layout.tokens}
        chain = TagChain(n_members, columns)
    return MultiTaskModule(inputs, shared, heads, tail, _of_tokens(layout), chain)


def _of_tokens(layout: OutputLayout) -> Tensor | None:
    """Return which outputs are tags of tokens; None where there are no such tasks."""
    if not layout.tokens:
        return None
    return torch.tensor([place in layout.tokens for place in layout.task_places])


def _rank(n_outputs: int) -> int:
    """Return the rank of the first layer on a wide sparse X."""
    # Each output wants a direction of its own, and each direction costs memory.
    return min(max(n_outputs, _LEAST_RANK), _MOST_RANK)


def _heads(
    trunk: nn.Module, hidden: Any, sample: Tensor, maps: list[HeadBlock], who: str
) -> MemberLinear:
    """Return the linear part of the heads, on what the trunk gives for the sample."""
    n_members, n_rows = sample.shape[:2]
    if isinstance(trunk, TaskTrunk):
        return TaskHeads(n_members, trunk.n_hidden, maps)
    if hidden.ndim != 3 or tuple(hidden.shape[:2]) != (n_members, n_rows):
        raise ValueError(
            f"{who}: the trunk returned shape {tuple(hidden.shape[1:])} for {n_rows} "
            f"rows of shape {tuple(sample.shape[2:])}; it must return (n_rows, "
            "n_hidden)."
        )
    return MemberLinear(n_members, hidden.shape[2], sum(b.width for b in maps))


def head_blocks(layout: OutputLayout) -> list[HeadBlock]:
    """Return the tasks of the layout by their number of outputs."""
    single = HeadBlock(layout.n_binary + layout.n_regression, 1)
    groups = [
        HeadBlock(
            group.tasks.stop - group.tasks.start, group.n_classes, group.class_major
        )
        for group in layout.groups
    ]
    return [single, *groups] if single.n_tasks or not groups else groups


def output_blocks(layout: OutputLayout) -> list[HeadBlock]:
    """Return the tasks of the layout by their number and kind of outputs."""
    blocks = [
        HeadBlock(layout.n_binary, 1, activation="sigmoid"),
        HeadBlock(layout.n_regression, 1),
    ]
    groups = head_blocks(layout)[-len(layout.groups) :] if layout.groups else []
    for block, group in zip(groups, layout.groups, strict=True):
        is_softmax = group.kind == "multiclass"
        blocks.append(replace(block, activation="softmax") if is_softmax else block)
    return [block for block in blocks if block.n_tasks] or blocks[:1]


def _try(trunk: nn.Module, sample: Tensor, who: str) -> Any:
    """Send a few rows through the trunk, and say so if it cannot take them."""
    n_rows, shape = sample.shape[1], tuple(sample.shape[2:])
    try:
        return trunk(sample)
    except Exception as error:
        raise ValueError(
            f"{who}: the trunk failed on {n_rows} rows of shape {shape}: {error}. It "
            "must take them and return a tensor (n_rows, n_hidden)."
        ) from error


def build_net(
    model: BaseMultiTaskNet,
    module: MultiTaskModule,
    encoder: TargetEncoder,
    dtype: torch.dtype,
) -> MultiTaskNet:
    """Return the initialised skorch net for an estimator's arguments.

    Each call of fit sets the weights of the tasks: `MultiTaskNet.set_task_weight`.
    """
    order = encoder.layout.order
    weight = torch.ones(len(order), dtype=dtype, device=model.device)
    names = encoder.task_set.names
    net = MultiTaskNet(
        module.to(dtype),
        FusedLoss(encoder.layout, weight),
        task_names=[names[t] for t in order],
        who=type(model).__name__,
        optimizer=_read_optimizer(model),
        lr=model.lr,
        callbacks=_read_callbacks(model),
        device=model.device,
        verbose=0,
        **_optimizer_arguments(model, module),
    )
    return net.initialize()


def renew_callbacks(model: BaseMultiTaskNet, net: MultiTaskNet) -> None:
    """Let a net that goes on notify the callbacks of now, if they are others.

    Those that stay keep what they know, such as the best score so far.
    """
    wanted = _read_callbacks(model)
    same = map(_is_same, wanted, net.callbacks)
    if len(wanted) != len(net.callbacks) or not all(same):
        net.callbacks = wanted
        net.initialize_callbacks()


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return one[0] == other[0] and one[1] is other[1]
    return one is other or (type(one) is type(other) is ProgressBar)


def _read_optimizer(model: BaseMultiTaskNet) -> type[torch.optim.Optimizer]:
    optimizer: Any = OPTIMIZERS.get(model.optimizer, model.optimizer)
    is_optimizer = issubclass(optimizer, torch.optim.Optimizer)
    if not is_optimizer or issubclass(optimizer, torch.optim.LBFGS):
        raise TypeError(
            f"{type(model).__name__}: optimizer must be one of {sorted(OPTIMIZERS)} or "
            "a subclass of torch.optim.Optimizer that needs no closure; found "
            f"{optimizer!r}."
        )
    return optimizer


def _read_callbacks(model: BaseMultiTaskNet) -> list[Any]:
    """Return the user's callbacks and ours; those that need labels are refused."""
    callbacks = list(model.callbacks or [])
    for callback in callbacks:
        found = callback[1] if isinstance(callback, tuple) else callback
        kind = found if isinstance(found, type) else type(found)
        if not hasattr(kind, "on_train_begin"):
            raise TypeError(
                f"{type(model).__name__}: callbacks must be skorch callbacks; found "
                f"{callback!r}."
            )
        if issubclass(kind, BatchScoring | EpochScoring):
            raise TypeError(
                f"{type(model).__name__}: callbacks has {kind.__name__}, which calls "
                "predict on the bare net. The held-out loss and score of every task "
                "are in history_; a Callback of your own can read net.history."
            )
    return [*map(_of_this_process, callbacks), *[ProgressBar()] * bool(model.verbose)]


def _of_this_process(callback: Any) -> Any:
    """Let the workers of a search keep checkpoints apart: each has its own folder."""
    # With one folder for all, a worker could load the net of another, or half of a
    # file.
    found = callback[1] if isinstance(callback, tuple) else callback
    if multiprocessing.parent_process() is None or not isinstance(found, Checkpoint):
        return callback
    own = copy.copy(found)
    own.dirname = str(Path(found.dirname) / f"process-{os.getpid()}")
    return (callback[0], own) if isinstance(callback, tuple) else own


def _optimizer_arguments(model: BaseMultiTaskNet, module: nn.Module) -> dict[str, Any]:
    groups = _parameter_groups(module, model.lr)
    arguments: dict[str, Any] = {"optimizer__param_groups": groups}
    is_ours = isinstance(model.optimizer, str)
    if is_ours:
        arguments["optimizer__fused"] = True
    decay = model.weight_decay
    if decay == "auto":
        if not is_ours:  # which may not know the word
            return arguments
        # in Adam and SGD it is no decay but a penalty, and a strong one
        own = getattr(model.trunk, "default_weight_decay", MLP.default_weight_decay)
        decay = own if model.optimizer == "adamw" else 0.0
    arguments["optimizer__weight_decay"] = decay
    if decay > 0:
        # a decayed bias would pull predictions away from the class frequencies
        groups.append(("*bias", {"weight_decay": 0.0}))
    return arguments


def _parameter_groups(module: nn.Module, lr: float) -> list[tuple[str, dict[str, Any]]]:
    """Return what parts of the module ask for their parameters, by full name."""
    groups = []
    for name, part in module.named_modules():
        for pattern, wanted in getattr(part, "optimizer_groups", ()):
            options = dict(wanted)
            if "lr_factor" in options:
                options["lr"] = lr * options["lr_factor"]
            elif "lr" in options:  # a schedule moves all rates by the same factor
                options["lr_factor"] = options["lr"] / lr
            groups.append((f"{name}.{pattern}", options))
    return groups
