"""Time steps of LibMTL's methods and of its plain sum, in its own environment.

benchmarks/balancing.py runs this script as a separate process, because the pinned
versions of LibMTL conflict with ours. It prints JSON: the seconds of a step by number
of tasks and method. The net and the batch are those of benchmarks/balancing.py. The
step is that of LibMTL's Trainer, which itself only runs on a GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from unittest.mock import MagicMock

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks._timing import CLOCKS, time_rounds

METHODS = ("EW", "MGDA", "PCGrad", "IMTL")  # its CAGrad is written for three tasks
ARGUMENTS = {"mgda_gn": "none"}


def import_libmtl() -> tuple[ModuleType, type]:
    """Return LibMTL's weightings and its plain architecture.

    LibMTL 1.1.5 imports a module of torchvision that is gone since 0.12, for nets that
    are not used here.
    """
    for name in ("torchvision", "torchvision.models", "torchvision.models.utils"):
        sys.modules.setdefault(name, MagicMock())
    from LibMTL import weighting
    from LibMTL.architecture import HPS

    return weighting, HPS


def make_model(name: str, n_tasks: int, sizes: tuple[int, int]) -> nn.Module:
    """Return LibMTL's net: hard parameter sharing, and a head for each task."""
    n_features, width = sizes
    weighting, architecture = import_libmtl()

    class Encoder(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(
                nn.Linear(n_features, width),
                nn.GELU(),
                nn.Linear(width, width),
                nn.GELU(),
            )

    class Model(architecture, getattr(weighting, name)):
        def zero_grad_share_params(self) -> None:
            # torch 2 would set them to None, which LibMTL 1.1.5 then writes to
            self.encoder.zero_grad(set_to_none=False)

    tasks = [f"task{t}" for t in range(n_tasks)]
    heads = nn.ModuleDict({task: nn.Linear(width, 1) for task in tasks})
    device = torch.device("cpu")
    model = Model(
        tasks, Encoder, heads, rep_grad=False, multi_input=False, device=device
    )
    model.init_param()
    return model


def steps(n_tasks: int, batch: int, sizes: tuple[int, int]) -> Iterator[tuple]:
    """Yield names and steps; "sum" is the same net without a method."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, sizes[0], generator=generator)
    target = (torch.randn(batch, n_tasks, generator=generator) > 0).float()
    for name in ("sum", *METHODS):
        model = make_model("EW" if name == "sum" else name, n_tasks, sizes)
        yield name, step_of(model, x, target, is_plain=name == "sum")


def step_of(
    model: nn.Module, x: torch.Tensor, target: torch.Tensor, *, is_plain: bool
) -> Callable[[], None]:
    """Return a training step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        outputs = model(x)
        losses = torch.stack(
            [
                F.binary_cross_entropy_with_logits(z.squeeze(1), target[:, t])
                for t, z in enumerate(outputs.values())
            ]
        )
        optimizer.zero_grad()
        if is_plain:
            losses.sum().backward()
        else:
            model.backward(losses, **ARGUMENTS)
        optimizer.step()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, nargs="+", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--clock", choices=CLOCKS, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--sizes", type=int, nargs=2, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    out = {}
    for n_tasks in args.tasks:
        competitors = dict(steps(n_tasks, args.batch, tuple(args.sizes)))
        seconds = time_rounds(competitors, args.rounds, args.clock)
        out[n_tasks] = {name: values.tolist() for name, values in seconds.items()}
    print(json.dumps(out))


if __name__ == "__main__":
    main()
