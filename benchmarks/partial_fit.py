"""Time of a partial_fit call, compared with bare steps of torch on the same net.

    python -m benchmarks.partial_fit [--rounds 30]

The data are 500 samples per call with 20 features and three binary tasks. A bare step
is forward pass, loss, backward pass and optimiser step of a copy of the same net on
prepared tensors. The rows are

    one step     a stream without stored samples, and one batch of 500 per call
    stream       the default: batches of 50, and as many stored samples as new ones
    after fit    the second-order step after fit; the bare step has one batch of 500

with one member and with the default of eight. Except after fit, the bare steps use the
same batches as the call. The ratio is the median over paired rounds, in CPU seconds.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks._figures import record
from benchmarks._timing import median_ratio, time_rounds
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import use_generators
from sklearn_mtl.neural_network.data._batches import Batch
from sklearn_mtl.neural_network.training._net import MultiTaskNet

N_CALL, N_FEATURES, N_TASKS = 500, 20, 3
ONE_STEP = {"n_stored_samples": 0, "batch_size": N_CALL}
WAYS = {"one step": ONE_STEP, "stream": {}, "after fit": {"max_epochs": 1}}


def draw(rng: np.random.Generator, n: int = N_CALL) -> tuple[np.ndarray, np.ndarray]:
    """Return n samples with labels of all tasks."""
    X = rng.normal(size=(n, N_FEATURES))
    scores = X[:, :N_TASKS] + X[:, N_TASKS : 2 * N_TASKS]
    return X, (scores + rng.normal(size=scores.shape) > 0).astype(float)


def prepared(way: str, n_members: int, rng: np.random.Generator) -> MultiTaskClassifier:
    """Return an estimator whose next call of partial_fit is measured."""
    model = MultiTaskClassifier(n_members=n_members, random_state=0, **WAYS[way])
    if way == "after fit":
        return model.fit(*draw(rng, 4000))
    for call in range(6):
        classes = None if call else [[0, 1]] * N_TASKS
        model.partial_fit(*draw(rng), classes=classes)
    return model


def batches_of(model: MultiTaskClassifier, rng: np.random.Generator) -> list[Batch]:
    """Return the batches of a call; after fit, one batch of the new samples."""
    seen: list[Batch] = []
    step = MultiTaskNet.train_step

    def note(net: MultiTaskNet, batch: Batch, **kwargs: Any) -> dict[str, Any]:
        seen.append(batch)
        return step(net, batch, **kwargs)

    MultiTaskNet.train_step = note
    try:
        model.partial_fit(*draw(rng))
    finally:
        MultiTaskNet.train_step = step
    if seen:
        return seen
    shape = model._state.n_members, N_CALL
    x = torch.randn(*shape, N_FEATURES)
    return [(x, (torch.ones(*shape, N_TASKS), torch.ones(*shape, N_TASKS)))]


def bare_steps(model: MultiTaskClassifier, batches: list[Batch]) -> Callable[[], None]:
    """Return a function that makes a bare step of a copy of the net on each batch."""
    net = copy.deepcopy(model.net_)
    module, loss = net.module_.train(), net.criterion_
    optimizer = type(net.optimizer_)(module.parameters(), lr=1e-4, fused=True)
    n_members = model._state.n_members
    use_generators(module, [torch.Generator() for _ in range(n_members)])

    def steps() -> None:
        for x, (targets, weights) in batches:
            logits = module(x)
            logits.backward(loss(logits, targets, weights)[1])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return steps


def main() -> None:
    """Print milliseconds of a call and of bare steps, and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    found = {}
    print(f"{'ms':22}{'members':>8}{'steps':>7}{'call':>9}{'bare':>9}{'ratio':>8}")
    for way in WAYS:
        for n_members in (1, 8):
            rng = np.random.default_rng(0)
            model = prepared(way, n_members, rng)
            batches = batches_of(model, rng)

            def call(model: MultiTaskClassifier = model, rng: Any = rng) -> None:
                model.partial_fit(*draw(rng))

            seconds = time_rounds(
                {"call": call, "bare": bare_steps(model, batches)}, args.rounds
            )
            ours, bare = (1e3 * float(np.median(seconds[k])) for k in ("call", "bare"))
            ratio = median_ratio(seconds, "call", "bare")
            found[f"{way}, {n_members} members"] = {
                "steps": len(batches),
                "call_ms": ours,
                "bare_ms": bare,
                "ratio": ratio,
            }
            print(
                f"{way:22}{n_members:8d}{len(batches):7d}{ours:9.2f}{bare:9.2f}"
                f"{ratio:8.2f}",
                flush=True,
            )
    record(args.json, found)


if __name__ == "__main__":
    main()
