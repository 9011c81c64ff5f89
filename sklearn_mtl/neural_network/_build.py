"""Put trunk and heads together, and make the skorch net around them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from sklearn_mtl.losses import FusedLoss
from sklearn_mtl.modules import MemberLinear, MultiTaskModule, build_trunk
from sklearn_mtl.neural_network._history import ProgressBar
from sklearn_mtl.neural_network._net import MultiTaskNet
from sklearn_mtl.neural_network._targets import TargetEncoder

__all__ = ["OPTIMIZERS", "build_module", "build_net"]

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
    who: str,
) -> MultiTaskModule:
    """Build the trunk, look at what it gives, and put fused heads on it.

    Parameters
    ----------
    trunk : TrunkSpec, nn.Module or callable
        What builds the shared part.
    inputs : nn.Module
        The first layer, which standardises by member.
    encoder : TargetEncoder
        Says how many outputs there are and their bias.
    sample : Tensor of shape (1, n_rows, ...)
        Prepared rows, one or two, that are sent through the trunk.
    generators : list of torch.Generator
        One for each member, from which initial parameters are drawn.
    who : str
        The estimator, for messages.

    Returns
    -------
    MultiTaskModule
        In float32, on the CPU.

    Raises
    ------
    ValueError
        If the trunk does not give one vector a row.
    """
    n_members, n_rows = len(generators), sample.shape[1]
    with torch.no_grad():
        sample = sample.expand(n_members, *sample.shape[1:])
        sample = copy.deepcopy(inputs).float()(sample)
        n_features = sample.shape[2] if sample.ndim > 2 else 0
        shared = build_trunk(trunk, n_features, generators, who).float()
        shared.eval()
        hidden = shared(sample)
        shared.train()
    if hidden.ndim != 3 or tuple(hidden.shape[:2]) != (n_members, n_rows):
        raise ValueError(
            f"{who}: the trunk returned shape {tuple(hidden.shape[1:])} for {n_rows} "
            f"rows of shape {tuple(sample.shape[2:])}; it must return (n_rows, "
            "n_hidden)."
        )
    heads = MemberLinear(n_members, hidden.shape[2], encoder.layout.n_outputs)
    heads.draw(generators)
    with torch.no_grad():
        bias = torch.as_tensor(encoder.bias_, dtype=torch.float32)
        heads.bias.copy_(bias[:, None].expand_as(heads.bias))
    return MultiTaskModule(inputs, shared, heads)


def build_net(
    model: Any,
    module: MultiTaskModule,
    encoder: TargetEncoder,
    task_weight: np.ndarray,
    dtype: torch.dtype,
) -> MultiTaskNet:
    """Return the initialised skorch net for an estimator's arguments.

    Parameters
    ----------
    model : estimator
        Whose arguments are used.
    module : MultiTaskModule
        Trunk and heads.
    encoder : TargetEncoder
        Whose layout the loss uses.
    task_weight : ndarray of shape (n_tasks,)
        Factor of each task in the objective.
    dtype : torch.dtype
        Of the parameters.

    Returns
    -------
    MultiTaskNet
        Ready to train.
    """
    order = encoder.layout.order
    weight = torch.as_tensor(task_weight[order], dtype=dtype, device=model.device)
    names = [encoder.task_set.names[t] for t in order]
    optimizer = OPTIMIZERS.get(model.optimizer, model.optimizer)
    net = MultiTaskNet(
        module.to(dtype),
        FusedLoss(encoder.layout, weight),
        task_names=names,
        who=type(model).__name__,
        optimizer=optimizer,
        lr=model.lr,
        callbacks=[
            *(model.callbacks or []),
            *([ProgressBar()] if model.verbose else []),
        ],
        device=model.device,
        verbose=0,
        **_optimizer_arguments(model),
    )
    with torch.random.fork_rng(devices=[]):  # skorch's initialisation may draw
        return net.initialize()


def _optimizer_arguments(model: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if isinstance(model.optimizer, str):
        arguments["optimizer__fused"] = True
    if model.weight_decay > 0:
        # a decayed bias would pull predictions away from the class frequencies
        arguments["optimizer__weight_decay"] = model.weight_decay
        arguments["optimizer__param_groups"] = [("*bias", {"weight_decay": 0.0})]
    elif model.optimizer == "adamw":  # whose own default is not zero
        arguments["optimizer__weight_decay"] = 0.0
    return arguments
