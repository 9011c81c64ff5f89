"""Time to predict one sample, compared with the modules alone.

The default net (8 members) and a net with a single member are each fitted to 2,000
samples of four binary tasks. They predict one sample, a float64 array, 500 times,
alternating with their own modules on a prepared tensor, in one thread.

    python -m benchmarks.latency
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmarks._figures import record
from benchmarks._timing import print_targets, print_times, time_rounds
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.datasets import make_multitask_classification

NETS = {"default": {}, "one member": {"n_members": 1}}


def main() -> None:
    """Print the times and the ratio with its target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    X, y = make_multitask_classification(n_samples=2000, random_state=0)
    row, found = X[:1], {}
    for name, options in NETS.items():
        net = MultiTaskClassifier(max_epochs=5, random_state=0, **options).fit(X, y)
        net.predict(row)
        module = net.net_.module_
        n_members = len(module.heads.weight)
        x = torch.as_tensor(row, dtype=torch.float32).expand(n_members, *row.shape)

        @torch.inference_mode()
        def bare(module: torch.nn.Module = module, x: torch.Tensor = x) -> torch.Tensor:
            return module(x)

        calls = {"predict": lambda net=net: net.predict(row), "modules": bare}
        found[name] = time_rounds(calls, args.rounds, "wall")
        print_times(f"one sample, {name}", found[name], "modules")
    times = {name: np.median(seconds) for name, seconds in found["default"].items()}
    ratio = float(times["predict"] / times["modules"])
    targets = print_targets([("default: predict / modules", ratio, "<=", 3.0)])
    record(args.json, {"times": found, "targets": targets})


if __name__ == "__main__":
    main()
