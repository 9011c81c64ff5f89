"""Cost of a training step of each trunk, compared with a plain trunk of the same size.

A step consists of trunk, heads, backward pass and fused AdamW, on a batch of 256
samples of 64 columns with 20 binary tasks, in one thread. Each trunk is compared with
an MLP trunk with two layers of equal width, chosen such that both need the same number
of multiply-adds per sample, including heads, gates and mixtures.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn

from benchmarks._figures import record
from benchmarks._timing import (
    CLOCKS,
    median_ratio,
    print_targets,
    print_times,
    time_rounds,
)
from sklearn_mtl.modules import (
    MLP,
    CrossStitch,
    HeadBlock,
    MemberLinear,
    MixtureOfExperts,
    MultiTaskModule,
    ProgressiveExtraction,
    SharedPrivate,
    TaskHeads,
    TaskTrunk,
    TrunkSpec,
    draw_parameters,
)

N_ROWS, N_FEATURES, N_TASKS = 256, 64, 20


def layers(n_in: int, sizes: tuple[int, ...]) -> int:
    """Return the multiply-adds of a perceptron for one row."""
    return sum(a * b for a, b in zip((n_in, *sizes), sizes, strict=False))


def mixture(n_experts: int, sizes: tuple[int, ...]) -> tuple[TrunkSpec, int]:
    """Return MMoE and its multiply-adds: experts, gates, mixtures and heads."""
    products = n_experts * layers(N_FEATURES, sizes) + N_TASKS * (
        N_FEATURES * n_experts + n_experts * sizes[-1] + sizes[-1]
    )
    return MixtureOfExperts(n_experts, sizes), products


def extraction(n_shared: int, sizes: tuple[int, ...]) -> tuple[TrunkSpec, int]:
    """Return CGC with one private expert per task, and its multiply-adds."""
    n_read = n_shared + 1
    products = (n_shared + N_TASKS) * layers(N_FEATURES, sizes) + N_TASKS * (
        N_FEATURES * n_read + n_read * sizes[-1] + sizes[-1]
    )
    spec = ProgressiveExtraction(n_shared, 1, hidden_layer_sizes=sizes)
    return spec, products


def cross_stitch(sizes: tuple[int, ...]) -> tuple[TrunkSpec, int]:
    """Return a cross-stitch net and its multiply-adds: nets, stitches and heads."""
    products = N_TASKS * (layers(N_FEATURES, sizes) + N_TASKS * sum(sizes) + sizes[-1])
    return CrossStitch(sizes), products


def shared_private(
    sizes: tuple[int, ...], private: tuple[int, ...]
) -> tuple[TrunkSpec, int]:
    """Return shared and private parts, and their multiply-adds: also correlations."""
    products = layers(N_FEATURES, sizes) + N_TASKS * (
        layers(N_FEATURES, private) + sizes[-1] + private[-1] + sizes[-1] * private[-1]
    )
    return SharedPrivate(sizes, private), products


TRUNKS: dict[str, tuple[TrunkSpec, int]] = {
    "MixtureOfExperts, 8 of (64, 64)": mixture(8, (64, 64)),
    "MixtureOfExperts, 8 of (128, 128)": mixture(8, (128, 128)),
    "ProgressiveExtraction, 4 + 20": extraction(4, (64, 64)),
    "CrossStitch, 20 of (32, 32)": cross_stitch((32, 32)),
    "SharedPrivate, (128, 128) and (32,)": shared_private((128, 128), (32,)),
}


def plain_of(products: int) -> TrunkSpec:
    """Return the MLP (w, w) whose multiply-adds, heads included, are these."""
    b = N_FEATURES + N_TASKS
    width = round((-b + math.sqrt(b * b + 4 * products)) / 2)
    return MLP((width, width))


def step_of(spec: TrunkSpec, n_members: int) -> Callable[[], object]:
    """Return a function that does one training step."""
    draws = [torch.Generator().manual_seed(m) for m in range(n_members)]
    trunk = spec.build(N_FEATURES, n_members, N_TASKS)
    if isinstance(trunk, TaskTrunk):
        blocks = [HeadBlock(N_TASKS, 1)]
        heads: MemberLinear = TaskHeads(n_members, trunk.n_hidden, blocks)
    else:
        heads = MemberLinear(n_members, spec.hidden_layer_sizes[-1], N_TASKS)
    module = MultiTaskModule(nn.Identity(), trunk, heads)
    draw_parameters(module, draws)
    optimizer = torch.optim.AdamW(module.parameters(), fused=True)
    x = torch.randn(n_members, N_ROWS, N_FEATURES, generator=draws[0])
    dlogits = torch.randn(n_members, N_ROWS, N_TASKS, generator=draws[0]) / N_ROWS
    weights = torch.ones(n_members, 1, N_TASKS)
    return partial(do_step, module, optimizer, x, dlogits, weights)


def do_step(
    module: MultiTaskModule,
    optimizer: torch.optim.Optimizer,
    x: torch.Tensor,
    dlogits: torch.Tensor,
    weights: torch.Tensor,
) -> None:
    """Go forward, back and down."""
    parts = module.encode(x)
    logits = module.decode(parts)
    penalty = module.penalty(parts, weights)
    if penalty is None:
        logits.backward(dlogits)
    else:
        torch.autograd.backward([logits, penalty.sum()], [dlogits, None])
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--members", type=int, nargs="*", default=[1, 8])
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    results, targets = {}, []
    for n_members in options.members:
        for name, (spec, products) in TRUNKS.items():
            plain = plain_of(products)
            base = f"MLP {plain.hidden_layer_sizes}"
            steps = {
                base: step_of(plain, n_members),
                name: step_of(spec, n_members),
            }
            seconds = time_rounds(steps, options.rounds, options.clock, options.repeats)
            title = f"{name}, {n_members} member(s), {products} multiply-adds a row"
            print_times(title, seconds, base)
            results[title] = seconds
            if isinstance(spec, MixtureOfExperts) and n_members == 1:
                ratio = median_ratio(seconds, name, base)
                targets.append((f"{name} / MLP", ratio, "<=", 1.3))
    met = print_targets(targets)
    record(options.json, {"seconds": results, "targets": met})


if __name__ == "__main__":
    main()
