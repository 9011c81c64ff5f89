"""Construction of the module and the skorch net."""

from __future__ import annotations

import copy
import multiprocessing
import os
from dataclasses import replace
from inspect import signature
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
    LinearHead,
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

_LEAST_RANK, _MOST_RANK = 32, 256
# Length of orthogonal initial weights of heads. Steps of the optimiser change larger
# weights less in relative terms, so the tasks of rare labels do not overfit the heads.
_HEAD_LENGTH = 4.0
# Highest learning rate for "adaptive_lr_factor": factors of inputs are about 1, and
# training failed with steps of 1 to 2.
_HIGHEST_RATE = 0.06

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
    """Build the trunk, check its output, and add the heads of all tasks.

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
                trunk = _sparse_trunk(trunk, encoder.layout.n_outputs, head)
        shared = build_trunk(trunk, n_features, generators, n_tasks, who).float()
        # evaluation mode, so that the sample does not change running statistics
        shared.eval()
        give_tokens(shared, False)
        hidden = _try(shared, sample, who)
        shared.train()
    maps = head.maps(head_blocks(encoder.layout))
    heads = _heads(shared, hidden, sample, maps, who)
    heads.draw(generators)
    if isinstance(trunk, SparseTrunk) and trunk.has_orthogonal_heads:
        heads.draw_orthogonal(generators, _HEAD_LENGTH)
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
    # With these biases, an untrained net predicts class frequencies or means.
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
    """Return the mask of the outputs of token tasks; None without token tasks."""
    if not layout.tokens:
        return None
    return torch.tensor([place in layout.tokens for place in layout.task_places])


def _sparse_trunk(trunk: MLP, n_outputs: int, head: HeadSpec) -> SparseTrunk:
    """Return the trunk for a wide sparse X."""
    # a higher rank separates more outputs, but takes more memory
    rank = min(max(n_outputs, _LEAST_RANK), _MOST_RANK)
    # With random heads, the gradient of each task changes the outputs of the others. If
    # there are many, this is noise for tasks with few positive labels.
    is_linear = isinstance(head, LinearHead) and not trunk.hidden_layer_sizes
    return SparseTrunk(trunk, rank, is_linear and rank > _LEAST_RANK)


def _heads(
    trunk: nn.Module, hidden: Any, sample: Tensor, maps: list[HeadBlock], who: str
) -> MemberLinear:
    """Return the linear part of the heads for the trunk's output shape."""
    n_members, n_rows = sample.shape[:2]
    if isinstance(trunk, TaskTrunk):
        return TaskHeads(n_members, trunk.n_hidden, maps)
    if hidden.ndim != 3 or tuple(hidden.shape[:2]) != (n_members, n_rows):
        raise ValueError(
            f"{who}: the trunk returned shape {tuple(hidden.shape[1:])} for {n_rows} "
            f"samples of shape {tuple(sample.shape[2:])}; it must return (n_samples, "
            "n_hidden)."
        )
    return MemberLinear(n_members, hidden.shape[2], sum(b.width for b in maps))


def head_blocks(layout: OutputLayout) -> list[HeadBlock]:
    """Return the tasks of the layout grouped by their number of outputs."""
    single = HeadBlock(layout.n_binary + layout.n_regression, 1)
    groups = [
        HeadBlock(
            group.tasks.stop - group.tasks.start, group.n_classes, group.class_major
        )
        for group in layout.groups
    ]
    return [single, *groups] if single.n_tasks or not groups else groups


def output_blocks(layout: OutputLayout) -> list[HeadBlock]:
    """Return the tasks of the layout grouped by number and activation of outputs."""
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
    """Apply the trunk to a few samples, and raise a clear error if it fails."""
    n_rows, shape = sample.shape[1], tuple(sample.shape[2:])
    try:
        return trunk(sample)
    except Exception as error:
        raise ValueError(
            f"{who}: the trunk failed on {n_rows} samples of shape {shape}: {error}. "
            "It must return a tensor of shape (n_samples, n_hidden)."
        ) from error


def build_net(
    model: BaseMultiTaskNet,
    module: MultiTaskModule,
    encoder: TargetEncoder,
    dtype: torch.dtype,
    device: str,
) -> MultiTaskNet:
    """Return the initialised skorch net for the parameters of an estimator.

    Each call of fit sets the task weights by `MultiTaskNet.set_task_weight`.
    """
    order = encoder.layout.order
    weight = torch.ones(len(order), dtype=dtype, device=device)
    names = encoder.task_set.names
    net = MultiTaskNet(
        module.to(dtype),
        FusedLoss(encoder.layout, weight),
        task_names=[names[t] for t in order],
        who=type(model).__name__,
        optimizer=_read_optimizer(model),
        lr=model.lr,
        callbacks=_read_callbacks(model),
        device=device,
        verbose=0,
        **_optimizer_arguments(model, module),
    )
    return net.initialize()


def renew_callbacks(model: BaseMultiTaskNet, net: MultiTaskNet) -> None:
    """Replace the callbacks of an existing net if the parameter has changed.

    Unchanged callbacks keep their state, such as the best score so far.
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
            "a subclass of torch.optim.Optimizer that needs no closure; got "
            f"{optimizer!r}."
        )
    return optimizer


def _read_callbacks(model: BaseMultiTaskNet) -> list[Any]:
    """Return the callbacks of the net; callbacks that require labels are refused."""
    callbacks = list(model.callbacks or [])
    for callback in callbacks:
        found = callback[1] if isinstance(callback, tuple) else callback
        kind = found if isinstance(found, type) else type(found)
        if not hasattr(kind, "on_train_begin"):
            raise TypeError(
                f"{type(model).__name__}: callbacks must be skorch callbacks; got "
                f"{callback!r}."
            )
        if issubclass(kind, BatchScoring | EpochScoring):
            raise TypeError(
                f"{type(model).__name__}: callbacks contains {kind.__name__}, which is "
                "not supported because it calls predict of the skorch net. The "
                "held-out loss and score of every task are in history_; a custom "
                "Callback can read net.history."
            )
    return [*map(_of_this_process, callbacks), *[ProgressBar()] * bool(model.verbose)]


def _of_this_process(callback: Any) -> Any:
    """Give a Checkpoint in a worker process its own folder."""
    # In a common folder, a worker could load the net of another one, or a partly
    # written file.
    found = callback[1] if isinstance(callback, tuple) else callback
    if multiprocessing.parent_process() is None or not isinstance(found, Checkpoint):
        return callback
    own = copy.copy(found)
    own.dirname = str(Path(found.dirname) / f"process-{os.getpid()}")
    return (callback[0], own) if isinstance(callback, tuple) else own


def _optimizer_arguments(model: BaseMultiTaskNet, module: nn.Module) -> dict[str, Any]:
    groups = _parameter_groups(module, model.lr, _read_optimizer(model))
    arguments: dict[str, Any] = {"optimizer__param_groups": groups}
    is_ours = isinstance(model.optimizer, str)
    if is_ours:
        arguments["optimizer__fused"] = True
    decay = model.weight_decay
    if decay == "auto":
        if not is_ours:  # custom optimisers may have no weight_decay
            return arguments
        # in Adam and SGD, weight_decay is a penalty, and this value would be too large
        own = getattr(model.trunk, "default_weight_decay", MLP.default_weight_decay)
        decay = own if model.optimizer == "adamw" else 0.0
    arguments["optimizer__weight_decay"] = decay
    if decay > 0:
        # decay of the biases would shift predictions away from the class frequencies
        groups.append(("*bias", {"weight_decay": 0.0}))
    return arguments


def _adaptive_factor(
    factor: float, lr: float, optimizer: type[torch.optim.Optimizer]
) -> float:
    """Return the factor of a rate, limited by the rate and the kind of optimiser."""
    # optimisers that normalise gradients have a parameter eps
    if "eps" not in signature(optimizer).parameters:
        return 1.0
    return min(factor, max(1.0, _HIGHEST_RATE / lr))


def _parameter_groups(
    module: nn.Module, lr: float, optimizer: type[torch.optim.Optimizer]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the optimiser options that parts of the module set, by parameter name."""
    groups = []
    for name, part in module.named_modules():
        for pattern, wanted in getattr(part, "optimizer_groups", ()):
            options = dict(wanted)
            factor = options.pop("adaptive_lr_factor", None)
            if factor is not None:
                options["lr_factor"] = _adaptive_factor(factor, lr, optimizer)
            if "lr_factor" in options:
                options["lr"] = lr * options["lr_factor"]
            elif "lr" in options:  # the schedule scales all rates by the same factor
                options["lr_factor"] = options["lr"] / lr
            groups.append((f"{name}.{pattern}", options))
    return groups
